#include "handover_help.h"

#include <stddef.h>

/* clang-format off */
static const struct {
    uint16_t field;
    struct label help;
} helps[] = {
    {1, {"Det navn, barnet kaldes ved.", "The name the child goes by."}},
    {2, {"ÅÅÅÅ-MM-DD", "YYYY-MM-DD"}},
    {3, {"Alle de sprog, barnet hører eller taler.", "All languages that the child hears or speaks."}},
    {4, {"Navn, telefon, og om der er brug for tolk.", "Name, telephone, and whether an interpreter is needed."}},
    {10, {"Skriv barnets egne ord, gerne som det sagde dem.", "Write the child's own words, as they were said."}},
    {11, {"Skriv barnets egne ord, gerne som det sagde dem.", "Write the child's own words, as they were said."}},
    {12, {"Skriv barnets egne ord, gerne som det sagde dem.", "Write the child's own words, as they were said."}},
    {20, {"Forældrene bestemmer, hvad der står her.", "The parents decide what stands here."}},
    {21, {"Forældrene bestemmer, hvad der står her.", "The parents decide what stands here."}},
    {22, {"Forældrene bestemmer, hvad der står her. Det må gerne stå tomt.",
          "The parents decide what stands here. It may be left empty."}},
    {30, {"Det barnet kan og er på vej til, på alle dets sprog.", "What the child can do and is about to, in all its languages."}},
    {31, {"Hvem er barnet tryg ved, og hvad hjælper det ind i legen?",
          "Whom does the child feel safe with, and what helps it to join in?"}},
    {32, {"Det barnet kan og er på vej til.", "What the child can do and is about to."}},
    {33, {"Hvad optager barnet lige nu?", "What is the child occupied with at present?"}},
    {34, {"Det I har prøvet, og som virker. Skriv kun det, skolen har brug for.",
          "What you have tried and what works. Write only what the school needs."}},
    {40, {"Navn, og hvordan familien får fat i vedkommende.", "Name, and how the family reaches them."}},
    {41, {"Hvad gør I med det, der står i skemaet?", "What do you do with what the form says?"}},
    {50, {"Dag og tidspunkt.", "Day and time."}},
    {51, {"Hvornår, hvor, og hvem der går med.", "When, where, and who comes along."}},
    {52, {"Helst én person, som familien kan gå til med alt.", "Preferably one person that the family can turn to with everything."}},
    {53, {"Hvem gør hvad, og hvornår taler I sammen igen?", "Who does what, and when do you talk again?"}},
    {54, {"Én person eller funktion på hver linje.", "One person or function a line."}},
};
/* clang-format on */

const struct label *handover_help(const struct field *field) {
    for (size_t i = 0; i < sizeof helps / sizeof *helps; i++)
        if (helps[i].field == field->number)
            return &helps[i].help;
    return NULL;
}
