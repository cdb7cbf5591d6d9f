/* `survey import`: a site hands its answers in. They are checked and encoded in slices, shuffled,
 * and appended by one short transaction together with the ledger's entry: an import is there as a
 * whole or not at all. What was readable is wiped; what is stored can't be read here any more.
 *
 * An answer carries question and choice or text only, and the change set names no actor: who
 * imported is nobody's business there. */
#include "survey.h"

#include "store/answers.h"
#include "store/append.h"
#include "survey_pack.h"
#include "whole.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    IMPORT_ANSWERS_MAX = 20000, /* in one file, since they are appended in one transaction */
    SLICE_ANSWERS = 500         /* well below 10 ms */
};

struct span {
    size_t start, size; /* in `encoded`, which may move */
};

struct import_job {
    struct job job;
    struct service *service;
    struct store *store;
    struct survey survey;
    json_t *answers; /* [[3,0,…,"text"], …] */
    struct hash mark;
    struct buffer encoded;
    struct span *spans;
    size_t n, encoded_n;
};

static void job_free(struct job *job) {
    struct import_job *import = (struct import_job *)job;
    survey_done(&import->survey);
    json_decref(import->answers);
    buffer_wipe(&import->encoded);
    free(import->spans);
    free(import);
}

static enum err refuse(struct reply *reply, size_t index, const char *question, struct label what) {
    reply_fail(reply, ERR_ARGUMENT,
               MEND("stafet survey show, then import a file that fits",
                    "stafet survey show, og indlæs så en fil, der passer"),
               "answer %zu, %s: %s", "svar %zu, %s: %s", index + 1, question,
               label_text(reply->language, what));
    json_decref(reply->details);
    reply->details = json_pack("{s:I, s:s}", "answer", (json_int_t)index + 1, "question", question);
    return ERR_ARGUMENT;
}

/* One answer from its JSON: a choice's position or a text for each question in order, 0 for no
 * reply. */
static enum err encode_answer(struct import_job *import, size_t index, struct reply *reply) {
    const struct questionnaire *q = &import->survey.questionnaire;
    const json_t *answer = json_array_get(import->answers, index);
    struct answer_reply replies[QUESTIONS_MAX];
    size_t replies_n = 0, wrong;
    struct label why;
    if (json_array_size(answer) != q->questions_n)
        return refuse(reply, index, "all",
                      MEND("it does not have one value for each question",
                           "det har ikke én værdi til hvert spørgsmål"));
    for (size_t i = 0; i < q->questions_n; i++) {
        const json_t *value = json_array_get(answer, i);
        json_int_t choice = json_integer_value(value);
        if (!json_is_string(value) &&
            !(json_is_integer(value) && choice >= 0 && choice <= CHOICES_MAX))
            return refuse(reply, index, q->questions[i].code,
                          MEND("it is neither a choice nor a text",
                               "det er hverken en svarmulighed eller en tekst"));
        if (json_is_integer(value) && choice == 0)
            continue;
        replies[replies_n++] =
            (struct answer_reply){(uint32_t)i + 1, (uint32_t)choice, json_string_value(value)};
    }
    if (questionnaire_check(q, replies, replies_n, &why, &wrong) != OK)
        return refuse(reply, index,
                      replies_n > 0 ? q->questions[replies[wrong].question - 1].code : "all", why);
    size_t start = import->encoded.size;
    enum err e = answer_encode(replies, replies_n, &import->encoded);
    if (e != OK)
        return e;
    import->spans[index] = (struct span){start, import->encoded.size - start};
    if (import->spans[index].size > ANSWER_SIZE_MAX)
        return refuse(reply, index, "all",
                      MEND("it is larger than 16 KiB", "det fylder mere end 16 KiB"));
    return OK;
}

/* In no order that says who came first. */
static void shuffle(struct bytes *answers, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t other = randombytes_uniform((uint32_t)i);
        struct bytes held = answers[i - 1];
        answers[i - 1] = answers[other];
        answers[other] = held;
    }
}

/* Appends parts `first` to `last` as one envelope. */
static enum err append_envelope(struct import_job *import, const struct bytes *answers,
                                const struct pack_part *parts, size_t first, size_t last,
                                size_t parts_n, struct version_name *ret_written) {
    struct change_set sets[PACK_ENVELOPE_SECTIONS_MAX];
    struct change change = {.sets = sets, .sets_n = last - first + 1};
    for (size_t i = first; i <= last; i++)
        sets[i - first] = (struct change_set){
            .actor_name = "",
            .actor_function = "",
            .has_answers = true,
            .answers = {.survey = import->survey.id,
                        .mark = import->mark,
                        .part = (uint32_t)i,
                        .parts = (uint32_t)parts_n,
                        .answers = answers + parts[i].first,
                        .answers_n = parts[i].answers_n},
        };
    enum err e = channel_make(CHANNEL_ANSWERS, NULL, NULL, &change.channel);
    return e == OK ? append_change(import->store, &change, ret_written) : e;
}

static enum err append_all(struct import_job *import, const struct bytes *answers,
                           const struct pack_part *parts, size_t parts_n) {
    struct import entry = {.mark = import->mark,
                           .survey = import->survey.id,
                           .answers = import->n,
                           .at = store_now(import->store)};
    enum err e = store_begin(import->store);
    if (e != OK)
        return e;
    size_t first = 0;
    for (size_t i = 0; i < parts_n && e == OK; i++) {
        if (!parts[i].ends_envelope)
            continue;
        e = append_envelope(import, answers, parts, first, i, parts_n, &entry.last);
        first = i + 1;
    }
    if (e == OK)
        e = import_put(import->store, &entry);
    if (e == OK)
        return store_commit(import->store);
    store_rollback(import->store);
    return e;
}

/* `at`: of the earlier import; 0: not known. */
static enum err say_why(enum err e, time_ms at, struct reply *reply) {
    time_t seconds = (time_t)(at / 1000);
    struct tm local;
    char day[32];
    snprintf(day, sizeof day, "%s", reply_say(reply, "already", "allerede"));
    if (at > 0 && localtime_r(&seconds, &local) != NULL)
        strftime(day, sizeof day, reply_say(reply, "on %Y-%m-%d", "den %Y-%m-%d"), &local);
    if (e == ERR_EXISTS)
        return reply_fail(reply, e,
                          MEND("stafet survey status shows what has been imported",
                               "stafet survey status viser, hvad der er indlæst"),
                          "the same answers were imported %s; nothing was imported now",
                          "de samme svar blev indlæst %s; intet er indlæst nu", day);
    if (e == ERR_KEY)
        return reply_fail(reply, e,
                          MEND("stafet sync, then import again", "stafet sync, og indlæs så igen"),
                          "the municipality's key for answers has not arrived here yet",
                          "kommunens nøgle til svarene er ikke nået hertil endnu");
    return e;
}

static enum err publish(struct import_job *import, struct reply *reply) {
    struct pack_part *parts = NULL;
    size_t parts_n;
    struct bytes *answers = calloc(import->n, sizeof *answers);
    if (answers == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < import->n; i++)
        answers[i] =
            (struct bytes){import->encoded.data + import->spans[i].start, import->spans[i].size};
    shuffle(answers, import->n);
    enum err e = pack_plan(answers, import->n, &parts, &parts_n);
    if (e == OK)
        e = append_all(import, answers, parts, parts_n);
    free(parts);
    free(answers);
    if (e != OK)
        return say_why(e, 0, reply);
    return reply_give(reply, json_pack("{s:o, s:I, s:b}", "survey",
                                       survey_head(import->store, &import->survey), "answers",
                                       (json_int_t)import->n, "running",
                                       service_surroundings(import->service)->running));
}

static enum err encode_slice(struct import_job *import, struct reply *reply) {
    enum err e = OK;
    for (size_t i = 0; i < SLICE_ANSWERS && import->encoded_n < import->n && e == OK; i++) {
        e = encode_answer(import, import->encoded_n, reply);
        import->encoded_n += e == OK;
    }
    return e;
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct import_job *import = (struct import_job *)job;
    bool last = import->encoded_n == import->n;
    enum err e = last ? publish(import, reply) : encode_slice(import, reply);
    if (e != OK && reply->error == OK)
        reply_err(reply, e);
    if (e == OK && !last)
        reply_progress(reply, import->encoded_n, import->n, "sealing answers", "forsegler svar");
    return e != OK || last ? JOB_DONE : JOB_MORE;
}

struct mark_search {
    struct hash mark;
    time_ms at; /* of the import that was found */
};

static enum err find_mark(void *context, const struct import *import) {
    struct mark_search *search = context;
    if (!hash_equal(&import->mark, &search->mark))
        return OK;
    search->at = import->at;
    return ERR_EXISTS;
}

static enum err check_new(const struct import_job *import, struct reply *reply) {
    struct mark_search search = {.mark = import->mark};
    enum err e = import_each(import->store, &import->survey.id, find_mark, &search);
    return say_why(e, search.at, reply);
}

static enum err check_open(struct store *store, const struct survey *survey, struct reply *reply) {
    struct self self;
    char today[11];
    enum err e = store_self(store, &self);
    if (e != OK)
        return e;
    survey_today(store, today);
    if (!survey_asks(survey, self.role))
        return reply_fail(reply, ERR_DENIED,
                          MEND("import at a kindergarten's or school's node that is asked",
                               "indlæs på en børnehaves eller skoles node, der er spurgt"),
                          "%s does not ask this site", "%s spørger ikke dette sted",
                          survey->questionnaire.code);
    if (survey->closed)
        return reply_fail(reply, ERR_STATE,
                          MEND("ask the municipality: answers that come now are never counted",
                               "spørg kommunen: svar, der kommer nu, tælles aldrig med"),
                          "%s is closed", "%s er lukket", survey->questionnaire.code);
    if (strcmp(today, survey->closes_on) > 0)
        return reply_fail(
            reply, ERR_STATE,
            MEND("ask the municipality for a new survey", "bed kommunen om en ny undersøgelse"),
            "the closing day of %s was %s", "sidste svardag for %s var %s",
            survey->questionnaire.code, survey->closes_on);
    return OK;
}

/* {"answers":[…],"digest":hex}, as the CLI makes it from the user's file. */
static enum err take_answers(struct import_job *import, const char *text, struct reply *reply) {
    json_t *json = NULL;
    enum err e = whole_load(bytes_of_text(text), JSON_REJECT_DUPLICATES, NULL, &json);
    if (e != OK && e != ERR_FORMAT)
        return reply_err(reply, e);
    const char *digest = json_string_value(json_object_get(json, "digest"));
    uint8_t bytes[32];
    e = OK;
    if (digest == NULL || hex_parse(digest, bytes, sizeof bytes) != OK ||
        !json_is_array(json_object_get(json, "answers"))) {
        e = reply_fail(
            reply, ERR_ARGUMENT,
            MEND("stafet survey import SURVEY FILE", "stafet survey import UNDERSØGELSE FIL"),
            "it is not a file with answers", "det er ikke en fil med svar");
        goto done;
    }
    import->answers = json_incref(json_object_get(json, "answers"));
    import->n = json_array_size(import->answers);
    import->mark = import_mark(import->store, (struct bytes){bytes, sizeof bytes});
    if (import->n == 0 || import->n > IMPORT_ANSWERS_MAX)
        e = reply_fail(reply, ERR_LIMIT,
                       MEND("divide it into several files", "del den i flere filer"),
                       "a file must have 1 to 20,000 answers, not %zu",
                       "en fil skal have 1 til 20.000 svar, ikke %zu", import->n);
    else if ((import->spans = calloc(import->n, sizeof *import->spans)) == NULL)
        e = ERR_MEMORY;
done:
    json_decref(json);
    return e;
}

enum err survey_import(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply, struct job **ret_job) {
    (void)asker;
    struct import_job *import = calloc(1, sizeof *import);
    if (import == NULL)
        return ERR_MEMORY;
    import->job = (struct job){.step = step, .free = job_free};
    import->service = service;
    import->store = service_store(service);
    enum err e = survey_find(import->store, service_text(args, "survey"), reply, &import->survey);
    if (e == OK)
        e = check_open(import->store, &import->survey, reply);
    if (e == OK)
        e = take_answers(import, service_text(args, "file"), reply);
    if (e == OK)
        e = check_new(import, reply);
    if (e != OK)
        job_free(&import->job);
    else
        *ret_job = &import->job;
    return e;
}
