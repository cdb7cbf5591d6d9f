/* Answers on their way: packed, sealed, shuffled, judged. */
#include "poll.h"
#include "test.h"

#include "proto/limits.h"
#include "service/questionnaire.h"
#include "service/survey_pack.h"
#include "store/answers.h"
#include "store/collection.h"
#include "store/feed.h"
#include "store/record.h"
#include <stdio.h>
#include <stdlib.h>

static bool file_holds(const char *path, const char *suffix, const char *text) {
    char name[512];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return false;
    static uint8_t content[8 * 1024 * 1024];
    size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof content);
    return memmem(content, size, text, strlen(text)) != NULL;
}

TEST(the_collecting_site_and_the_municipality_store_no_readable_answer) {
    static const char text[] = "kanariefuglen i fri tekst";
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 6, 3, 2, text);
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    sync_all(&federation);
    for (size_t site = NORDBY; site <= BIRK; site++) {
        assert_true(file_holds(federation.sites[site].path, "", "SQLite format 3"));
        assert_false(file_holds(federation.sites[site].path, "", text));
        assert_false(file_holds(federation.sites[site].path, "-wal", text));
    }
}

struct found {
    json_t *texts;
    size_t n;
    bool in_order;
};

static enum err find_text(void *context, const struct member_id *member, struct bytes answer) {
    struct found *found = context;
    struct arena arena;
    const struct answer_reply *replies;
    size_t replies_n;
    (void)member;
    arena_init(&arena, KIB(64));
    assert_ok(answer_decode(answer, &arena, &replies, &replies_n));
    for (size_t i = 0; i < replies_n; i++)
        if (replies[i].text != NULL) {
            found->in_order = found->in_order && (size_t)atoi(replies[i].text) == found->n + 1;
            json_object_set_new(found->texts, replies[i].text, json_true());
        }
    found->n++;
    arena_done(&arena);
    return OK;
}

static enum err take_id(void *context, const struct record_id *id) {
    memcpy(context, id, sizeof *id);
    return OK;
}

TEST(answers_arrive_all_and_not_in_the_order_of_the_file) {
    enum { N = 2600 };
    char text[16];
    struct record_id id;
    struct found found = {.texts = json_object(), .in_order = true};
    publish("trivsel26");
    json_t *answers = json_array();
    for (int i = 1; i <= N; i++) {
        snprintf(text, sizeof text, "%d", i);
        add_answers(answers, 1, 1 + i % 4, 1, text);
    }
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    sync_all(&federation);
    assert_ok(record_each(federation.sites[NORDBY].store, COLLECTION_SURVEY, take_id, &id));
    assert_ok(answers_each(federation.sites[NORDBY].store, &id, NULL, 0, find_text, &found));
    assert_int_equal(found.n, N);
    assert_int_equal(json_object_size(found.texts), N);
    assert_false(found.in_order);
    json_decref(found.texts);
}

struct sizes {
    size_t stored, entries;
};

static enum err add_size(void *context, const struct feed_info *feed,
                         const struct entry_info *entry) {
    struct sizes *sizes = context;
    (void)feed;
    sizes->stored += entry->envelope.size;
    sizes->entries++;
    assert_true(entry->envelope.size <= ENVELOPE_SIZE_MAX);
    return OK;
}

TEST(a_large_import_takes_little_more_room_than_plain_protobuf) {
    enum { N = 10000 };
    struct sizes sizes = {0};
    struct channel channel;
    struct buffer plain = {0};
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, N, 3, 2,
                "en tekst af nogenlunde saedvanlig laengde, som folk skriver den");
    const struct answer_reply replies[] = {
        {1, 3, NULL},
        {2, 2, NULL},
        {3, 0, "en tekst af nogenlunde saedvanlig laengde, som folk skriver den"}};
    assert_ok(answer_encode(replies, 3, &plain));
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    struct site *birk = &federation.sites[BIRK];
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    struct feed_info feed = newest_feed(birk->store, &channel, &birk->member);
    assert_ok(feed_entries(birk->store, &feed.id, 1, add_size, &sizes));
    assert_true(sizes.entries <= 12);
    assert_true(sizes.stored * 100 <= (plain.size + 2) * N * 115);
    buffer_done(&plain);
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":10000,\"covers\":\"all\"}");
}

TEST(too_many_answers_at_once_are_refused) {
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 20001, 1, 1, NULL);
    assert_err(ERR_LIMIT, call(BIRK, "import", import_args("trivsel26", answers, 1)));
    assert_err(ERR_LIMIT, call(BIRK, "import", import_args("trivsel26", json_array(), 1)));
}

/* A site whose program does not keep to the rules: its answer is left out and said to be. */
TEST(an_answer_that_does_not_fit_the_survey_counts_nowhere) {
    struct record_id id;
    struct channel channel;
    struct buffer good = {0}, bad = {0}, large = {0};
    struct version_name written;
    const struct answer_reply fits[] = {{1, 3, NULL}}, does_not[] = {{1, 9, NULL}};
    static struct answer_reply many[REPLIES_PER_ANSWER_MAX];
    static char text[200];
    publish("trivsel26");
    assert_ok(record_each(federation.sites[BIRK].store, COLLECTION_SURVEY, take_id, &id));
    assert_ok(answer_encode(fits, 1, &good));
    assert_ok(answer_encode(does_not, 1, &bad));
    /* Admitted like any other, but larger than this survey's could be. */
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < REPLIES_PER_ANSWER_MAX; i++)
        many[i] = (struct answer_reply){.question = (uint32_t)(i + 1), .text = text};
    assert_ok(answer_encode(many, REPLIES_PER_ANSWER_MAX, &large));
    struct bytes encoded[8];
    for (size_t i = 0; i < 8; i++)
        encoded[i] = buffer_view(i < 6 ? &good : i < 7 ? &bad : &large);
    struct change_set set = {
        .actor_name = "",
        .actor_function = "",
        .has_answers = true,
        .answers = {.survey = id, .mark = {{7}}, .parts = 1, .answers = encoded, .answers_n = 8}};
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    struct change change = {.channel = channel, .sets = &set, .sets_n = 1};
    assert_ok(append_change(federation.sites[BIRK].store, &change, &written));
    sync_all(&federation);
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_json(json_object_get(report_row(0, "Birk"), "counts"), "[0,0,6,0]");
    assert_int_equal(json_integer_value(json_object_get(reply.document, "unreadable")), 2);
    buffer_done(&good);
    buffer_done(&bad);
    buffer_done(&large);
}

TEST(parts_fill_their_sections_and_envelopes_stay_within_limits) {
    static const size_t sizes[] = {1, 74, 300, 5000, ANSWER_SIZE_MAX};
    static uint8_t content[ANSWER_SIZE_MAX];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = 6000, parts_n, at = 0, in_envelope = 0;
        struct pack_part *parts;
        struct bytes *answers = calloc(n, sizeof *answers);
        for (size_t i = 0; i < n; i++)
            answers[i] = (struct bytes){content, sizes[s]};
        assert_ok(pack_plan(answers, n, &parts, &parts_n));
        for (size_t i = 0; i < parts_n; i++) {
            assert_int_equal(parts[i].first, at);
            assert_in_range(parts[i].answers_n, 1, ANSWERS_PER_BATCH_MAX);
            at += parts[i].answers_n;
            in_envelope = parts[i].ends_envelope ? 0 : in_envelope + 1;
            assert_true(in_envelope < PACK_ENVELOPE_SECTIONS_MAX);
        }
        assert_int_equal(at, n);
        assert_true(parts[parts_n - 1].ends_envelope);
        free(parts);
        free(answers);
    }
    struct bytes large = {content, ANSWER_SIZE_MAX + 1};
    struct pack_part *parts;
    size_t parts_n;
    assert_err(ERR_LIMIT, pack_plan(&large, 1, &parts, &parts_n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FEDERATION(the_collecting_site_and_the_municipality_store_no_readable_answer),
        WITH_FEDERATION(answers_arrive_all_and_not_in_the_order_of_the_file),
        WITH_FEDERATION(a_large_import_takes_little_more_room_than_plain_protobuf),
        WITH_FEDERATION(too_many_answers_at_once_are_refused),
        WITH_FEDERATION(an_answer_that_does_not_fit_the_survey_counts_nowhere),
        cmocka_unit_test(parts_fill_their_sections_and_envelopes_stay_within_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
