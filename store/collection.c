#include "collection.h"

#include <stddef.h>
#include <string.h>

enum { LINE = 200, TEXT = 8000, SHORT_TEXT = 4000, DATE = 10, CHOICE = 32, REVISION = 64 };
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct field survey_fields[] = {
    {.number = SURVEY_TITLE,
     .name = "title",
     .label = {"Titel", "Title"},
     .kind = KIND_LINE,
     .policy = POLICY_OWNER,
     .writers = END_MUNICIPALITY,
     .size_max = LINE,
     .fixed = true},
    {.number = SURVEY_QUESTIONNAIRE,
     .name = "questionnaire",
     .label = {"Spørgsmål", "Questions"},
     .kind = KIND_JSON,
     .policy = POLICY_OWNER,
     .writers = END_MUNICIPALITY,
     .size_max = 64 * 1024,
     .fixed = true},
    {.number = SURVEY_CLOSES_ON,
     .name = "closes_on",
     .label = {"Sidste svardag", "Last day for answers"},
     .kind = KIND_DATE,
     .policy = POLICY_OWNER,
     .writers = END_MUNICIPALITY,
     .size_max = DATE,
     .fixed = true},
    {.number = SURVEY_CLOSED,
     .name = "closed",
     .label = {"Lukket ved", "Closed at"},
     .kind = KIND_JSON,
     .policy = POLICY_OWNER,
     .writers = END_MUNICIPALITY,
     .size_max = 128 * 1024,
     .fixed = true},
};

static const struct choice consent_choices[] = {
    {"given", {"Givet", "Given"}},
    {"withdrawn", {"Trukket tilbage", "Withdrawn"}},
    {NULL, {NULL, NULL}},
};

/* One line a field: number, name, Danish, English, kind, policy, writers, part, size. */
#define FIELD(number_, name_, da_, en_, kind_, policy_, writers_, part_, size_max_)                \
    {                                                                                              \
        .number = (number_), .name = (name_), .label = {(da_), (en_)}, .kind = KIND_##kind_,       \
        .policy = POLICY_##policy_, .writers = END_##writers_, .part = PART_##part_,               \
        .size_max = (size_max_)                                                                    \
    }

/* clang-format off */
static const struct field handover_fields[] = {
    FIELD(HANDOVER_CHILD_NAME, "child_name", "Barnets navn", "The child's name", LINE, OWNER, OWNER, HEAD, LINE),
    FIELD(2, "born", "Født", "Born", DATE, OWNER, OWNER, HEAD, DATE),
    FIELD(3, "languages", "Sprog i familien", "Languages in the family", LINE, OWNER, OWNER, HEAD, LINE),
    FIELD(4, "adults", "Barnets voksne: forældremyndighed og kontakt", "The child's adults: custody and contact",
          TEXT, OWNER, OWNER, HEAD, SHORT_TEXT),

    FIELD(10, "likes", "Det kan jeg godt lide", "What I like", TEXT, OWNER, OWNER, CHILD_VOICE, TEXT),
    FIELD(11, "good_at", "Det er jeg god til", "What I am good at", TEXT, OWNER, OWNER, CHILD_VOICE, TEXT),
    FIELD(12, "wishes", "Det ønsker jeg mig, når jeg begynder", "What I wish for when I start",
          TEXT, OWNER, OWNER, CHILD_VOICE, TEXT),

    FIELD(20, "parents_view", "Sådan ser vi vores barn", "How we see our child", TEXT, OWNER, OWNER, PARENTS, TEXT),
    FIELD(21, "parents_wishes", "Det ønsker vi for vores barn", "What we wish for our child",
          TEXT, OWNER, OWNER, PARENTS, TEXT),
    FIELD(22, "parents_worries", "Det kan bekymre os", "What may worry us", TEXT, OWNER, OWNER, PARENTS, TEXT),

    FIELD(30, "language", "Sprog og kommunikation", "Language and communication",
          TEXT, OWNER, OWNER, PROFESSIONAL, TEXT),
    FIELD(31, "social", "Leg, venskaber og fællesskab", "Play, friendships and being part of the group",
          TEXT, OWNER, OWNER, PROFESSIONAL, TEXT),
    FIELD(32, "body", "Krop, sanser og bevægelse", "Body, senses and movement", TEXT, OWNER, OWNER, PROFESSIONAL, TEXT),
    FIELD(33, "curiosity", "Nysgerrighed og lyst til at lære", "Curiosity and joy in learning",
          TEXT, OWNER, OWNER, PROFESSIONAL, TEXT),
    FIELD(34, "support", "Det hjælper barnet", "What helps the child", TEXT, OWNER, OWNER, PROFESSIONAL, TEXT),

    FIELD(40, "teacher", "Barnets nye lærer eller pædagog", "The child's new teacher", LINE, OWNER, RECEIVER, SCHOOL, LINE),
    FIELD(41, "reception", "Sådan tager vi imod barnet", "How we will receive the child",
          TEXT, OWNER, RECEIVER, SCHOOL, TEXT),

    FIELD(50, "first_day", "Den første dag", "The first day", LINE, KEEP_BOTH, ANY, START_PLAN, LINE),
    FIELD(51, "visits", "Besøg før starten", "Visits before the start", TEXT, KEEP_BOTH, ANY, START_PLAN, SHORT_TEXT),
    FIELD(52, "contact", "Familiens kontaktperson", "The family's contact person", LINE, KEEP_BOTH, ANY, START_PLAN, LINE),
    FIELD(53, "plan_notes", "Det har vi aftalt", "What we have agreed", TEXT, KEEP_BOTH, ANY, START_PLAN, TEXT),
    FIELD(54, "takes_part", "Deltager", "Takes part", LINE, UNION, ANY, START_PLAN, LINE),
    FIELD(HANDOVER_SETTLED, "settled", "Sådan blev uenigheder afgjort", "How differences were settled",
          LINE, UNION, ANY, START_PLAN, SHORT_TEXT),

    {.number = HANDOVER_CONSENT, .name = "consent", .label = {"Samtykke", "Consent"}, .kind = KIND_CHOICE,
     .policy = POLICY_WITHDRAWN_WINS, .writers = END_OWNER, .part = PART_TRACK, .size_max = CHOICE,
     .choices = consent_choices},
    FIELD(HANDOVER_AGREED_BY, "agreed_by", "Aftalt med", "Agreed with", LINE, LATEST, OWNER, TRACK, LINE),
    FIELD(HANDOVER_AGREED_ON, "agreed_on", "Aftalt den", "Agreed on", DATE, LATEST, OWNER, TRACK, DATE),
    FIELD(HANDOVER_AGREED_REVISION, "agreed_revision", "Aftalt udgave", "Revision agreed",
          REVISION, LATEST, OWNER, TRACK, REVISION),
    FIELD(HANDOVER_SENT_BY, "sent_by", "Sendt af", "Sent by", LINE, LATEST, OWNER, TRACK, LINE),
    FIELD(HANDOVER_READ_BY, "read_by", "Læst af", "Read by", LINE, LATEST, RECEIVER, TRACK, LINE),
    FIELD(HANDOVER_ACCEPTED_REVISION, "accepted_revision", "Modtaget udgave", "Revision accepted",
          REVISION, LATEST, RECEIVER, TRACK, REVISION),
    FIELD(HANDOVER_ACCEPTED_BY, "accepted_by", "Modtaget af", "Accepted by", LINE, LATEST, RECEIVER, TRACK, LINE),
};
/* clang-format on */
#undef FIELD

static const struct collection collections[] = {
    {.number = COLLECTION_SURVEY,
     .name = "survey",
     .label = {"Spørgeskema", "Survey"},
     .channel = CHANNEL_NOTICE,
     .rest = REST_PLAIN,
     .fields = survey_fields,
     .fields_n = COUNT(survey_fields)},
    {.number = COLLECTION_HANDOVER,
     .name = "handover",
     .label = {"Overlevering", "Handover"},
     .channel = CHANNEL_HANDOVER,
     .rest = REST_SEALED,
     .fields = handover_fields,
     .fields_n = COUNT(handover_fields)},
};

const struct collection *collection_all(size_t *ret_n) {
    *ret_n = COUNT(collections);
    return collections;
}

const struct collection *collection_find(uint16_t number) {
    for (size_t i = 0; i < COUNT(collections); i++)
        if (collections[i].number == number)
            return &collections[i];
    return NULL;
}

const struct field *collection_field(const struct collection *collection, uint16_t number) {
    for (size_t i = 0; i < collection->fields_n; i++)
        if (collection->fields[i].number == number)
            return &collection->fields[i];
    return NULL;
}

const struct field *collection_field_named(const struct collection *collection, const char *name) {
    for (size_t i = 0; i < collection->fields_n; i++)
        if (strcmp(collection->fields[i].name, name) == 0)
            return &collection->fields[i];
    return NULL;
}

static const struct part_entry {
    const char *name;
    struct label label;
} parts[] = {
    [PART_HEAD] = {"head", {"Om barnet", "About the child"}},
    [PART_CHILD_VOICE] = {"child_voice", {"Barnets egne ord", "In the child's own words"}},
    [PART_PARENTS] = {"parents", {"Forældrenes del", "The parents' part"}},
    [PART_PROFESSIONAL] = {"professional", {"Personalets del", "The professionals' part"}},
    [PART_SCHOOL] = {"school", {"Modtagerens del", "The receiver's part"}},
    [PART_START_PLAN] = {"start_plan", {"Plan for starten", "Plan for the start"}},
    [PART_TRACK] = {"track", {"Forløb", "Progress"}},
};

const struct label *part_label(enum part part) {
    return part == PART_NONE ? NULL : &parts[part].label;
}

const char *part_name(enum part part) {
    return part == PART_NONE ? "none" : parts[part].name;
}

const char *policy_name(enum policy policy) {
    static const char *const names[] = {[POLICY_KEEP_BOTH] = "keep-both",
                                        [POLICY_UNION] = "union",
                                        [POLICY_LATEST] = "latest",
                                        [POLICY_WITHDRAWN_WINS] = "withdrawn-wins",
                                        [POLICY_OWNER] = "owner"};
    return names[policy];
}

const char *kind_name(enum kind kind) {
    static const char *const names[] = {
        [KIND_TEXT] = "text",     [KIND_LINE] = "line",        [KIND_DATE] = "date",
        [KIND_CHOICE] = "choice", [KIND_FLAG] = "flag",        [KIND_MEMBER] = "member",
        [KIND_JSON] = "json",     [KIND_REVISION] = "revision"};
    return names[kind];
}

const char *end_name(enum end end) {
    static const char *const names[] = {[END_ANY] = "any",
                                        [END_MUNICIPALITY] = "municipality",
                                        [END_OWNER] = "owner",
                                        [END_RECEIVER] = "receiver"};
    return names[end];
}

const char *rest_name(enum rest rest) {
    static const char *const names[] = {[REST_PLAIN] = "plain", [REST_SEALED] = "sealed"};
    return names[rest];
}
