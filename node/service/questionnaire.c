#include "questionnaire.h"

#include "proto/text.h"
#include "whole.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Jansson's readers take const, its iterators don't. */
static json_t *unqualified(const json_t *json) {
    return (json_t *)(uintptr_t)json;
}

static enum err refuse(struct failure *why, const char *en, const char *da, const char *name) {
    return failure_say(why, ERR_ARGUMENT,
                       MEND("mend it, and try it with stafet survey check FILE --choices FILE",
                            "ret det, og prøv det med stafet survey check FIL --choices FIL"),
                       "%s%s%s%s", "%s%s%s%s", say_in(why->language, en, da), *name ? " \"" : "",
                       name, *name ? "\"" : "");
}

static bool is_code(const json_t *value, bool leading_letter) {
    const char *text = json_string_value(value);
    if (text == NULL || *text == '\0' || strlen(text) > QUESTION_CODE_SIZE_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        bool other = (*c >= '0' && *c <= '9') || *c == '_' || (!leading_letter && *c == '-');
        if (!letter && (!other || (c == text && leading_letter)))
            return false;
    }
    return true;
}

static bool is_language(const char *key) {
    size_t size = strspn(key, "abcdefghijklmnopqrstuvwxyz");
    return (size == 2 || size == 3) && key[size] == '\0';
}

static bool is_label(const json_t *label) {
    const char *language;
    json_t *value;
    if (!json_is_object(label) || json_object_size(label) == 0 ||
        json_object_size(label) > LANGUAGES_MAX)
        return false;
    json_object_foreach(unqualified(label), language, value) {
        const char *text = json_string_value(value);
        if (!is_language(language) || text == NULL || *text == '\0' ||
            !text_is_name(text, LABEL_SIZE_MAX))
            return false;
    }
    return true;
}

/* Every key of `object` is one of `keys`: what is not understood must not be published. */
static bool only_keys(const json_t *object, const char *const *keys) {
    const char *key;
    json_t *value;
    json_object_foreach(unqualified(object), key, value) {
        const char *const *known = keys;
        while (*known != NULL && strcmp(*known, key) != 0)
            known++;
        if (*known == NULL)
            return false;
    }
    return true;
}

static enum err read_choice(const json_t *json, const struct scale *scale,
                            struct scale_choice *choice, struct failure *why) {
    static const char *const keys[] = {"code", "label", "score", NULL};
    const json_t *score = json_object_get(json, "score");
    if (!json_is_object(json) || !only_keys(json, keys) ||
        !is_code(json_object_get(json, "code"), false))
        return refuse(why, "a choice without a proper code in the list",
                      "en svarmulighed uden en rigtig kode på listen", scale->name);
    *choice = (struct scale_choice){.code = json_string_value(json_object_get(json, "code")),
                                    .label = json_object_get(json, "label")};
    if (!is_label(choice->label))
        return refuse(why, "a label is missing or not one line of text at the choice",
                      "teksten mangler eller er ikke én linje ved svarmuligheden", choice->code);
    for (const struct scale_choice *other = scale->choices; other < choice; other++)
        if (strcmp(other->code, choice->code) == 0)
            return refuse(why, "a choice stands twice in its list:",
                          "en svarmulighed står to gange på sin liste:", choice->code);
    if (score == NULL)
        return OK;
    json_int_t value = json_integer_value(score);
    if (!json_is_integer(score) || value > SCORE_MAX || value < -SCORE_MAX)
        return refuse(why, "the score is not a whole number from -1000 to 1000 at the choice",
                      "score er ikke et helt tal fra -1000 til 1000 ved svarmuligheden",
                      choice->code);
    choice->scored = true;
    choice->score = (int)value;
    return OK;
}

static enum err read_scale(const char *name, const json_t *json, struct scale *scale,
                           struct failure *why) {
    size_t n = json_array_size(json);
    *scale = (struct scale){.name = name};
    if (!json_is_array(json) || n < 2 || n > CHOICES_MAX)
        return refuse(why, "a list must have 2 to 50 choices:",
                      "en liste skal have 2 til 50 svarmuligheder:", name);
    if ((scale->choices = calloc(n, sizeof *scale->choices)) == NULL)
        return ERR_MEMORY;
    for (; scale->choices_n < n; scale->choices_n++) {
        struct scale_choice *choice = &scale->choices[scale->choices_n];
        enum err e = read_choice(json_array_get(json, scale->choices_n), scale, choice, why);
        if (e != OK)
            return e;
        scale->has_scores |= choice->scored;
    }
    return OK;
}

static enum err read_scales(const json_t *json, struct questionnaire *q, struct failure *why) {
    const char *name;
    json_t *list;
    size_t n = json_object_size(json);
    if (!json_is_object(json) || n > SCALES_MAX)
        return refuse(why, "\"scales\" must be at most 50 lists of choices",
                      "\"scales\" må være højst 50 lister med svarmuligheder", "");
    if ((q->scales = calloc(n + 1, sizeof *q->scales)) == NULL)
        return ERR_MEMORY;
    json_object_foreach(unqualified(json), name, list) {
        json_t *name_json = json_string(name);
        bool good = is_code(name_json, false);
        json_decref(name_json);
        if (!good)
            return refuse(why, "the name of a list is not proper:",
                          "navnet på en liste er ikke i orden:", name);
        enum err e = read_scale(name, list, &q->scales[q->scales_n++], why);
        if (e != OK)
            return e;
    }
    return OK;
}

static const struct scale *find_scale(const struct questionnaire *q, const char *name) {
    for (size_t i = 0; i < q->scales_n; i++)
        if (strcmp(q->scales[i].name, name) == 0)
            return &q->scales[i];
    return NULL;
}

static enum err read_question(const json_t *json, struct questionnaire *q,
                              struct question *question, struct failure *why) {
    static const char *const keys[] = {"code", "label", "scale", "text", NULL};
    if (!json_is_object(json) || !only_keys(json, keys) ||
        !is_code(json_object_get(json, "code"), true))
        return refuse(why, "a question without a proper code", "et spørgsmål uden en rigtig kode",
                      "");
    *question = (struct question){.code = json_string_value(json_object_get(json, "code")),
                                  .label = json_object_get(json, "label")};
    if (!is_label(question->label))
        return refuse(why, "a label is missing or not one line of text at the question",
                      "teksten mangler eller er ikke én linje ved spørgsmålet", question->code);
    for (const struct question *other = q->questions; other < question; other++)
        if (strcasecmp(other->code, question->code) == 0)
            return refuse(why, "a question's code stands twice:",
                          "koden på et spørgsmål står to gange:", question->code);
    const char *scale = json_string_value(json_object_get(json, "scale"));
    bool is_text = json_is_true(json_object_get(json, "text"));
    if ((scale != NULL) == is_text)
        return refuse(why, "a question must have a list of choices or be a text:",
                      "et spørgsmål skal have en liste med svarmuligheder eller være en tekst:",
                      question->code);
    if (is_text)
        return OK;
    question->scale = find_scale(q, scale);
    return question->scale != NULL ? OK
                                   : refuse(why, "the list of choices is missing:",
                                            "listen med svarmuligheder mangler:", scale);
}

static enum err read_questions(const json_t *json, struct questionnaire *q, struct failure *why) {
    size_t n = json_array_size(json);
    if (!json_is_array(json) || n == 0 || n > QUESTIONS_MAX)
        return refuse(why, "a survey must have 1 to 200 questions",
                      "en undersøgelse skal have 1 til 200 spørgsmål", "");
    if ((q->questions = calloc(n, sizeof *q->questions)) == NULL)
        return ERR_MEMORY;
    for (; q->questions_n < n; q->questions_n++) {
        struct question *question = &q->questions[q->questions_n];
        enum err e = read_question(json_array_get(json, q->questions_n), q, question, why);
        if (e != OK)
            return e;
    }
    return OK;
}

static enum err read_all(json_t *json, struct questionnaire *q, struct failure *why) {
    static const char *const keys[] = {"code", "for", "questions", "scales", NULL};
    if (!json_is_object(json) || !only_keys(json, keys))
        return refuse(why, "it is not a questionnaire", "det er ikke et spørgeskema", "");
    const json_t *code = json_object_get(json, "code");
    q->code = code == NULL ? "" : json_string_value(code);
    if (code != NULL && (q->code == NULL || !survey_code_is_valid(q->code)))
        return refuse(
            why, "the survey's code must be letters a-z, digits and -, beginning with a letter",
            "undersøgelsens kode skal være bogstaverne a-z, cifre og - og begynde med et bogstav",
            "");
    const json_t *role = json_object_get(json, "for");
    q->role = role == NULL ? "" : json_string_value(role);
    if (role != NULL && (q->role == NULL ||
                         (strcmp(q->role, "kindergarten") != 0 && strcmp(q->role, "school") != 0)))
        return refuse(
            why, "a survey can be for kindergarten or school, or for both",
            "en undersøgelse er til børnehaver (kindergarten), skoler (school) eller begge", "");
    enum err e = read_scales(json_object_get(json, "scales"), q, why);
    if (e != OK)
        return e;
    e = read_questions(json_object_get(json, "questions"), q, why);
    if (e != OK)
        return e;
    char *text = questionnaire_text(q);
    if (text == NULL)
        return ERR_MEMORY;
    bool fits = strlen(text) <= QUESTIONNAIRE_SIZE_MAX;
    free(text);
    return fits ? OK
                : refuse(why, "the questionnaire is larger than 64 KiB",
                         "spørgeskemaet fylder mere end 64 KiB", "");
}

enum err questionnaire_open(json_t *json, struct questionnaire *ret_questionnaire,
                            struct failure *ret_why) {
    struct questionnaire q = {.json = json_incref(json)};
    enum err e = read_all(json, &q, ret_why);
    if (e != OK)
        questionnaire_done(&q);
    else
        *ret_questionnaire = q;
    return e;
}

enum err questionnaire_parse(const char *text, struct questionnaire *ret_questionnaire,
                             struct failure *ret_why) {
    json_error_t error;
    json_t *json = NULL;
    enum err e = whole_load(bytes_of_text(text), JSON_REJECT_DUPLICATES, &error, &json);
    if (e == ERR_FORMAT)
        return refuse(ret_why, "it is not JSON", "det er ikke JSON", "");
    if (e != OK)
        return e;
    e = questionnaire_open(json, ret_questionnaire, ret_why);
    json_decref(json);
    return e;
}

void questionnaire_done(struct questionnaire *q) {
    for (size_t i = 0; i < q->scales_n; i++)
        free(q->scales[i].choices);
    free(q->scales);
    free(q->questions);
    json_decref(q->json);
    *q = (struct questionnaire){0};
}

char *questionnaire_text(const struct questionnaire *q) {
    return json_dumps(q->json, JSON_COMPACT | JSON_SORT_KEYS);
}

json_t *questionnaire_summary(const struct questionnaire *q) {
    json_int_t texts = 0;
    const char *language;
    json_t *value, *languages = json_array();
    for (size_t i = 0; i < q->questions_n; i++)
        texts += q->questions[i].scale == NULL;
    json_object_foreach(unqualified(q->questions[0].label), language, value)
        json_array_append_new(languages, json_string(language));
    return json_pack("{s:I, s:I, s:o}", "questions", (json_int_t)q->questions_n, "texts", texts,
                     "languages", languages);
}

bool scale_counts(const struct scale *scale, size_t index) {
    return !scale->has_scores || scale->choices[index].scored;
}

bool survey_code_is_valid(const char *code) {
    size_t size = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return size >= 2 && size <= SURVEY_CODE_SIZE_MAX && code[size] == '\0' && code[0] >= 'a' &&
           code[0] <= 'z';
}

/* NULLs: none. */
static struct label reply_fault(const struct questionnaire *q, const struct answer_reply *reply) {
    static const struct label none = {NULL, NULL};
    if (reply->question < 1 || reply->question > q->questions_n)
        return MEND("there is no such question", "det spørgsmål findes ikke");
    const struct scale *scale = q->questions[reply->question - 1].scale;
    if (scale == NULL) {
        if (reply->choice != 0 || reply->text == NULL)
            return MEND("the question wants a text", "spørgsmålet skal besvares med en tekst");
        size_t size = strlen(reply->text);
        if (size == 0 || size > ANSWER_TEXT_SIZE_MAX)
            return MEND("the text is empty or longer than about 8,000 letters",
                        "teksten er tom eller længere end omkring 8.000 bogstaver");
        return text_is_clean(bytes_of_text(reply->text), true)
                   ? none
                   : MEND("the text holds control characters", "teksten indeholder styretegn");
    }
    if (reply->text != NULL || reply->choice < 1 || reply->choice > scale->choices_n)
        return MEND("it is not one of the question's choices",
                    "det er ikke en af spørgsmålets svarmuligheder");
    return none;
}

enum err questionnaire_check(const struct questionnaire *q, const struct answer_reply *replies,
                             size_t replies_n, struct label *ret_why, size_t *ret_index) {
    bool seen[QUESTIONS_MAX] = {false};
    *ret_index = 0;
    *ret_why = MEND("the answer is empty", "svaret er tomt");
    if (replies_n == 0)
        return ERR_ARGUMENT;
    for (size_t i = 0; i < replies_n; i++) {
        struct label why = reply_fault(q, &replies[i]);
        if (why.en == NULL && seen[replies[i].question - 1])
            why = MEND("the question is answered twice", "spørgsmålet er besvaret to gange");
        if (why.en != NULL) {
            *ret_index = i;
            *ret_why = why;
            return ERR_ARGUMENT;
        }
        seen[replies[i].question - 1] = true;
    }
    return OK;
}
