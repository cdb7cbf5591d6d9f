#include "memory.h"
#include "people_inner.h"
#include "sometimes.h"
#include "store/answers.h"
#include "store/collection.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char questions[] =
    "{\"questions\":[{\"code\":\"q01\",\"label\":{\"da\":\"Tryg?\"},\"scale\":\"s\"},"
    "{\"code\":\"q02\",\"label\":{\"da\":\"Mere?\"},\"text\":true}],\"scales\":{\"s\":["
    "{\"code\":\"1\",\"label\":{\"da\":\"Nej\"},\"score\":1},"
    "{\"code\":\"2\",\"label\":{\"da\":\"Ja\"},\"score\":2}]}}";

static enum err publish(struct people *people, struct machine *town, enum role role) {
    struct survey *survey = &people->surveys[people->surveys_n];
    struct reply reply;
    survey->role = role;
    survey->closed = false;
    snprintf(survey->code, sizeof survey->code, "survey%zu", people->surveys_n);
    enum err err = machine_call(town, "survey", "publish",
                                json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", questions, "title",
                                          "Trivsel", "closes", "2099-06-30", "code", survey->code,
                                          "for", role_name(survey->role)),
                                &reply);
    reply_done(&reply);
    if (err == OK || err == ERR_CLOSED || err == ERR_EXISTS)
        people->surveys_n++;
    if (err != OK)
        return err;
    sometimes(SOMETIMES_survey_published);
    people_acknowledged(town);
    return OK;
}

/* The one before may have been published though it was said that it wasn't. */
enum err people_publish_last(struct people *people, struct machine *town) {
    enum err err = publish(people, town, ROLE_KINDERGARTEN);
    if (err == ERR_EXISTS)
        err = publish(people, town, ROLE_KINDERGARTEN);
    return err == OK ? publish(people, town, ROLE_SCHOOL) : err;
}

static void close_or_report(struct people *people, struct machine *town) {
    struct survey *survey = &people->surveys[roll(people->world, people->surveys_n)];
    struct reply reply;
    bool closes = !survey->closed && chance(people->world, 30);
    json_t *args = closes ? json_pack("{s:s, s:b}", "survey", survey->code, "early", 1)
                          : json_pack("{s:s}", "survey", survey->code);
    enum err err = machine_call(town, "survey",
                                closes           ? "close"
                                : survey->closed ? "report"
                                                 : "status",
                                args, &reply);
    reply_done(&reply);
    if (closes && err == OK) {
        survey->closed = true;
        sometimes(SOMETIMES_survey_closed);
        people_acknowledged(town);
    } else if (err != OK)
        sometimes(SOMETIMES_call_refused);
}

void people_survey(struct people *people, struct machine *town) {
    if (people->surveys_n == 0 || (people->surveys_n < SURVEYS_MAX && chance(people->world, 20)))
        (void)publish(people, town, chance(people->world, 50) ? ROLE_KINDERGARTEN : ROLE_SCHOOL);
    else
        close_or_report(people, town);
}

static json_t *file_of(const struct people *people, const struct paper *paper) {
    char digest[65], text[64];
    memory_pause(); /* the file stands on paper */
    json_t *answers = json_array();
    for (unsigned i = 0; i < paper->answers; i++) {
        snprintf(text, sizeof text, "CANARY answer %u of file %u", i, paper->number);
        json_array_append_new(answers, json_pack("[i, s]", 1 + (int)(i % 2), text));
    }
    snprintf(digest, sizeof digest, "%064x", paper->number);
    json_t *content = json_pack("{s:o, s:s}", "answers", answers, "digest", digest);
    char *dumped = json_dumps(content, 0);
    json_t *args =
        json_pack("{s:s, s:s}", "survey", people->surveys[paper->survey].code, "file", dumped);
    free(dumped);
    json_decref(content);
    memory_resume();
    return args;
}

/* A new file, or one that was handed in before. */
static struct paper *take_paper(struct people *people, const struct machine *machine) {
    struct world *world = people->world;
    /* Who was given an old copy back hands in again what may be missing. */
    if (people->papers_n > 0 && chance(world, machine->restores > 0 ? 60 : 30)) {
        size_t start = roll(world, people->papers_n);
        for (size_t i = 0; i < people->papers_n && !machine->cloned_from_other; i++) {
            struct paper *paper = &people->papers[(start + i) % people->papers_n];
            if (paper->machine == machine->number)
                return paper;
        }
        return NULL;
    }
    if (people->papers_n == IMPORTS_MAX || people->surveys_n == 0)
        return NULL;
    struct paper *paper = &people->papers[people->papers_n];
    size_t survey = roll(world, people->surveys_n);
    for (size_t i = 0;
         i < people->surveys_n && chance(world, 90) &&
         (people->surveys[survey].closed || people->surveys[survey].role != machine->role);
         i++)
        survey = (survey + 1) % people->surveys_n;
    *paper = (struct paper){.survey = survey,
                            .machine = machine->original,
                            .answers = 1 + (unsigned)roll(world, chance(world, 15) ? 600 : 12),
                            .number = (unsigned)people->papers_n + 1};
    people->papers_n++;
    return paper;
}

void people_import(struct people *people, struct machine *machine) {
    struct paper *paper = take_paper(people, machine);
    struct reply reply;
    if (paper == NULL)
        return;
    enum err err = machine_call(machine, "survey", "import", file_of(people, paper), &reply);
    reply_done(&reply);
    if (machine->cloned_from_other)
        return; /* nobody counts on it */
    if (err == OK) {
        if (paper->acknowledged && machine->restores == 0 && !machine->damaged &&
            !disk_has_lied(machine->disk))
            violation("%s has taken one file of answers twice", machine->name);
        paper->acknowledged = true;
        sometimes(SOMETIMES_answers_imported);
        people_acknowledged(machine);
    } else if (err == ERR_EXISTS) {
        paper->acknowledged = true;
        sometimes(SOMETIMES_same_answers_refused);
    } else
        sometimes(SOMETIMES_call_refused);
}

enum err people_import_last(struct people *people, struct machine *machine) {
    struct reply reply;
    if (people->papers_n == IMPORTS_MAX)
        return ERR_LIMIT;
    struct paper *paper = &people->papers[people->papers_n];
    *paper = (struct paper){.survey = people->surveys_n - 1,
                            .machine = machine->number,
                            .answers = 1 + (unsigned)roll(people->world, 12),
                            .number = (unsigned)people->papers_n + 1};
    people->papers_n++;
    if (people->surveys[paper->survey].role != machine->role)
        paper->survey--;
    enum err err = machine_call(machine, "survey", "import", file_of(people, paper), &reply);
    reply_done(&reply);
    paper->acknowledged = err == OK;
    return err;
}

/* What the municipality counts of each machine, in all surveys of one code: that of one which was
 * published though it was said that it wasn't, and was forgotten with an old copy put back, is
 * given to another. */
struct counting {
    const struct world *world;
    struct store *store;
    const char *code;
    uint64_t answers[MACHINES_MAX];
    bool any;
};

static enum err add_count(void *context, const struct answers_count *counted) {
    struct counting *counting = context;
    for (unsigned i = 0; i < counting->world->machines_n; i++)
        if (member_id_equal(&counting->world->machines[i].member, &counted->member))
            counting->answers[i] += counted->answers;
    return OK;
}

static enum err count_survey(void *context, const struct record_id *id) {
    struct counting *counting = context;
    struct arena arena;
    struct record record;
    bool counts = false;
    arena_init(&arena, KIB(1024));
    if (record_load(counting->store, COLLECTION_SURVEY, id, &arena, &record) == OK) {
        const char *text = record_text_of(&record, SURVEY_QUESTIONNAIRE, &arena);
        char quoted[32];
        snprintf(quoted, sizeof quoted, "\"%s\"", counting->code);
        counts = text != NULL && strstr(text, quoted) != NULL;
    }
    arena_done(&arena);
    if (!counts)
        return OK;
    counting->any = true;
    return answers_counts(counting->store, id, NULL, 0, add_count, counting);
}

static void check_site(struct people *people, const struct machine *town,
                       const struct machine *site, size_t index, uint64_t counted) {
    uint64_t least = 0, most = 0;
    bool sure = site->restores == 0 && !site->damaged && !site->forges &&
                !disk_has_lied(site->disk) && !disk_has_lied(town->disk);
    for (size_t i = 0; i < people->papers_n; i++) {
        const struct paper *paper = &people->papers[i];
        if (paper->survey != index || paper->machine != site->number)
            continue;
        most += paper->answers;
        least += paper->acknowledged && sure ? paper->answers : 0;
    }
    if (counted < least || counted > most)
        violation("the municipality counts %llu answers from %s to %s; there were %llu to %llu",
                  (unsigned long long)counted, site->name, people->surveys[index].code,
                  (unsigned long long)least, (unsigned long long)most);
}

void people_check_answers(struct people *people) {
    struct world *world = people->world;
    struct machine *town = &world->machines[0];
    world->current = town;
    for (size_t i = 0; i < people->surveys_n; i++) {
        struct counting counting = {
            .world = world, .store = town->node->store, .code = people->surveys[i].code};
        if (record_each(town->node->store, COLLECTION_SURVEY, count_survey, &counting) != OK)
            violation("the answers can't be counted");
        for (unsigned j = 1; counting.any && j < world->machines_n; j++)
            if (people_is_member(&world->machines[j]))
                check_site(people, town, &world->machines[j], i, counting.answers[j]);
    }
}
