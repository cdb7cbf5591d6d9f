#include "desk.h"
#include "proto/limits.h"
#include "store/acks.h"
#include "store/append.h"
#include "store/check.h"
#include "store/record.h"
#include "test.h"

#include <stdlib.h>

/* Nordby (municipality), Birk (kindergarten), Søndre Skole, Relæ, and Egely: a school that has
 * nothing to do with it. */
struct stage {
    struct federation federation;
    struct site *nordby, *birk, *skole, *egely;
    struct desk mette, ole; /* at Birk and at Søndre Skole */
};

static int set_up(void **state) {
    struct stage *stage = calloc(1, sizeof *stage);
    if (stage == NULL)
        return -1;
    federation_found_four(&stage->federation);
    federation_join(&stage->federation, "Egely", ROLE_SCHOOL);
    sync_all(&stage->federation);
    stage->nordby = &stage->federation.sites[0];
    stage->birk = &stage->federation.sites[1];
    stage->skole = &stage->federation.sites[2];
    stage->egely = &stage->federation.sites[4];
    desk_open(&stage->mette, stage->birk, "Mette H.", "leader");
    desk_open(&stage->ole, stage->skole, "Ole R.", "teacher");
    *state = stage;
    return 0;
}

static int tear_down(void **state) {
    struct stage *stage = *state;
    desk_close(&stage->mette);
    desk_close(&stage->ole);
    federation_end(&stage->federation);
    free(stage);
    return 0;
}

#define SCENE(sentence) static void sentence(void **state)
#define STAGE(stage) struct stage *stage = *state

static json_t *only_id(const char *id) {
    return json_pack("{s:s}", "id", id);
}

static void edit(struct desk *desk, const char *id, const char *field, const char *value) {
    desk_call(desk, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", field, value));
}

/* A form about Alma at Birk, for Søndre Skole; its whole id in `ret_id`. */
static void draft_alma(struct stage *stage, char ret_id[static ID_TEXT_MAX]) {
    const json_t *document = desk_call(
        &stage->mette, "handover", "new",
        json_pack("{s:s, s:{s:s, s:s, s:s}}", "to", "Søndre Skole", "fields", "child_name",
                  "Alma Unika", "likes", "Tog og sæbebobler", "first_day", "12 August, 9.00"));
    snprintf(ret_id, ID_TEXT_MAX, "%s", at_text(document, "id"));
}

static void agree(struct desk *desk, const char *id) {
    desk_call(
        desk, "handover", "agree",
        json_pack("{s:s, s:s, s:s}", "id", id, "by", "two custody holders", "on", "2024-06-02"));
}

static void send_alma(struct stage *stage, char ret_id[static ID_TEXT_MAX]) {
    draft_alma(stage, ret_id);
    agree(&stage->mette, ret_id);
    desk_call(&stage->mette, "handover", "send", only_id(ret_id));
    sync_all(&stage->federation);
}

static enum err count_record(void *context, const struct record_id *id __attribute__((unused))) {
    ++*(size_t *)context;
    return OK;
}

static size_t records_at(struct site *site) {
    size_t n = 0;
    MUST(record_each(site->store, COLLECTION_HANDOVER, count_record, &n));
    return n;
}

static enum err count_handover_feed(void *context, const struct feed_info *feed) {
    *(size_t *)context += feed->channel.kind == CHANNEL_HANDOVER;
    return OK;
}

static size_t handover_feeds_at(struct site *site) {
    size_t n = 0;
    MUST(feed_each(site->store, count_handover_feed, &n));
    return n;
}

static uint64_t hits_at(struct site *site, const struct node_keys *keys, const char *text) {
    uint64_t opened, hits;
    MUST(check_search(site->store, keys, text, &opened, &hits));
    return hits;
}

static const json_t *show(struct desk *desk, const char *id) {
    return desk_call(desk, "handover", "show", only_id(id));
}

static const json_t *step(const json_t *track, const char *name) {
    const json_t *one;
    size_t i;
    json_array_foreach(at(track, "steps"), i, one) {
        if (strcmp(at_text(one, "step"), name) == 0)
            return one;
    }
    fail_msg("there is no step %s", name);
    return NULL;
}

SCENE(nothing_leaves_before_send) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    edit(&stage->mette, id, "born", "2018-05-01");
    agree(&stage->mette, id);
    sync_all(&stage->federation);
    assert_int_equal(records_at(stage->birk), 0);
    assert_int_equal(handover_feeds_at(stage->birk), 0);
    assert_int_equal(handover_feeds_at(stage->nordby), 0);
    const json_t *document = show(&stage->mette, id);
    assert_string_equal(at_text(document, "state"), "draft");
    assert_string_equal(at_text(shown_field(document, "born"), "draft"), "2018-05-01");
    assert_string_equal(at_text(shown_field(document, "born"), "value"), "");
}

SCENE(a_draft_is_listed_with_the_childs_name_and_where_it_is_going) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const json_t *list = desk_call(&stage->mette, "handover", "list", NULL);
    assert_int_equal(json_array_size(at(list, "handovers")), 1);
    assert_string_equal(at_text(list, "handovers.0.child"), "Alma Unika");
    assert_string_equal(at_text(list, "handovers.0.from.name"), "Birk");
    assert_string_equal(at_text(list, "handovers.0.to.name"), "Søndre Skole");
    assert_string_equal(at_text(list, "handovers.0.state"), "draft");
    assert_int_equal(strlen(at_text(list, "handovers.0.short")), 3);
    assert_int_equal(strncmp(at_text(list, "handovers.0.short"), id, 3), 0);
    list = desk_call(&stage->ole, "handover", "list", NULL);
    assert_int_equal(json_array_size(at(list, "handovers")), 0);
}

SCENE(an_id_may_be_shortened_and_one_that_fits_many_lists_them) {
    STAGE(stage);
    char id[ID_TEXT_MAX], prefix[2];
    for (int i = 0; i < 40; i++) /* 32 first characters: two of forty share one */
        draft_alma(stage, id);
    const json_t *list = desk_call(&stage->mette, "handover", "list", NULL);
    json_t *kept = json_incref((json_t *)(uintptr_t)list);
    bool seen[128] = {false};
    prefix[0] = prefix[1] = '\0';
    const json_t *item;
    size_t i;
    json_array_foreach(at(kept, "handovers"), i, item) {
        const char *short_id = at_text(item, "short");
        assert_string_equal(at_text(show(&stage->mette, short_id), "id"), at_text(item, "id"));
        if (seen[(unsigned char)short_id[0]])
            prefix[0] = short_id[0];
        seen[(unsigned char)short_id[0]] = true;
    }
    json_decref(kept);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_AMBIGUOUS, "handover", "show", only_id(prefix));
    assert_true(json_array_size(at(reply->details, "candidates")) >= 2);
    assert_string_equal(at_text(reply->details, "candidates.0.name"), "Alma Unika");
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id("ZZZZZZZZZZ"));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id(""));
}

SCENE(a_form_goes_only_to_an_active_kindergarten_or_school_other_than_ones_own) {
    STAGE(stage);
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "new", json_pack("{s:s}", "to", "Birk"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "new",
                 json_pack("{s:s}", "to", "Nordby"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "new", json_pack("{s:s}", "to", "Relæ"));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "new",
                 json_pack("{s:s}", "to", "Vestre Skole"));
    struct desk clerk;
    desk_open(&clerk, stage->nordby, "Clerk", "");
    desk_refused(&clerk, ERR_DENIED, "handover", "new", json_pack("{s:s}", "to", "Birk"));
    desk_close(&clerk);
    assert_int_equal(
        json_array_size(at(desk_call(&stage->mette, "handover", "list", NULL), "handovers")), 0);
}

SCENE(values_are_checked_with_their_label_and_all_of_an_edit_or_nothing_is_kept) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                     json_pack("{s:s, s:{s:s, s:s}}", "id", id, "fields", "languages",
                               "dansk, arabisk", "born", "2018-02-30"));
    assert_non_null(strstr(reply->text, "Born"));
    assert_string_equal(at_text(reply->details, "field"), "born");
    assert_false(json_is_string(at(shown_field(show(&stage->mette, id), "languages"), "draft")));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "no_such_field", "x"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit", only_id(id));
}

SCENE(each_end_writes_its_own_parts_and_nobody_writes_the_track) {
    STAGE(stage);
    static const char *const of_verbs[] = {"consent", "agreed_revision", "sent_by",
                                           "read_by", "accepted_by",     "settled"};
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    desk_refused(&stage->mette, ERR_DENIED, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "teacher", "Ole"));
    desk_refused(&stage->ole, ERR_DENIED, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "likes", "matematik"));
    for (size_t i = 0; i < sizeof of_verbs / sizeof *of_verbs; i++) {
        desk_refused(&stage->mette, ERR_DENIED, "handover", "edit",
                     json_pack("{s:s, s:{s:s}}", "id", id, "fields", of_verbs[i], "given"));
        desk_refused(&stage->ole, ERR_DENIED, "handover", "edit",
                     json_pack("{s:s, s:{s:s}}", "id", id, "fields", of_verbs[i], "given"));
    }
}

SCENE(sending_is_refused_without_the_parents_agreement) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->mend, "stafet handover agree"));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send",
                 json_pack("{s:s, s:b}", "id", id, "preview", 1));
    assert_int_equal(handover_feeds_at(stage->birk), 0);
}

SCENE(an_edit_after_the_agreement_voids_it_and_taking_it_back_restores_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    agree(&stage->mette, id);
    edit(&stage->mette, id, "likes", "Tog");
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->text, "changed since the parents agreed"));
    assert_int_equal(handover_feeds_at(stage->birk), 0);
    edit(&stage->mette, id, "likes", "Tog og sæbebobler");
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_int_equal(records_at(stage->birk), 1);
}

SCENE(an_agreement_has_a_real_day_that_is_not_in_the_future) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-06-05"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-02-30"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "", "on", "2024-06-02"));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
}

SCENE(only_exactly_the_revision_that_was_confirmed_is_sent) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    agree(&stage->mette, id);
    desk_refused(&stage->mette, ERR_STALE, "handover", "send",
                 json_pack("{s:s, s:s}", "id", id, "revision", "0000000000"));
    const json_t *preview = desk_call(&stage->mette, "handover", "send",
                                      json_pack("{s:s, s:b}", "id", id, "preview", 1));
    assert_false(at_flag(preview, "sent"));
    assert_string_equal(at_text(preview, "to.name"), "Søndre Skole");
    assert_int_equal(json_array_size(at(preview, "changes")), 3);
    assert_int_equal(handover_feeds_at(stage->birk), 0);
    char revision[HEX_TEXT_MAX];
    snprintf(revision, sizeof revision, "%s", at_text(preview, "revision"));
    assert_true(at_flag(desk_call(&stage->mette, "handover", "send",
                                  json_pack("{s:s, s:s}", "id", id, "revision", revision)),
                        "sent"));
}

SCENE(a_form_that_names_no_child_is_not_sent) {
    STAGE(stage);
    const json_t *document =
        desk_call(&stage->mette, "handover", "new",
                  json_pack("{s:s, s:{s:s}}", "to", "Søndre Skole", "fields", "likes", "Tog"));
    char id[ID_TEXT_MAX];
    snprintf(id, sizeof id, "%s", at_text(document, "id"));
    agree(&stage->mette, id);
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
}

SCENE(the_school_reads_what_was_sent_and_the_relaying_municipality_can_not) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = show(&stage->ole, id);
    assert_string_equal(at_text(document, "child"), "Alma Unika");
    assert_string_equal(at_text(shown_field(document, "likes"), "value"), "Tog og sæbebobler");
    assert_string_equal(at_text(shown_field(document, "likes"), "by.name"), "Mette H.");
    assert_string_equal(at_text(document, "end"), "receiver");

    /* The municipality holds the sealed feed, and has nothing in it. */
    struct record_id record;
    struct arena arena;
    struct record loaded;
    MUST(record_find(stage->birk->store, COLLECTION_HANDOVER, id, &record));
    arena_init(&arena, KIB(256));
    assert_true(handover_feeds_at(stage->nordby) > 0);
    assert_err(ERR_NOT_FOUND,
               record_load(stage->nordby->store, COLLECTION_HANDOVER, &record, &arena, &loaded));
    assert_int_equal(records_at(stage->nordby), 0);
    assert_int_equal(hits_at(stage->nordby, &stage->nordby->keys, "Alma Unika"), 0);
    assert_true(hits_at(stage->nordby, &stage->skole->keys, "Alma Unika") > 0);
    arena_done(&arena);
}

SCENE(a_third_site_gets_nothing) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    sync_feeds(stage->birk, stage->egely);
    sync_feeds(stage->skole, stage->egely);
    assert_int_equal(handover_feeds_at(stage->egely), 0);
    assert_int_equal(records_at(stage->egely), 0);
}

SCENE(a_send_takes_its_drafts_and_agreement_with_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = show(&stage->mette, id);
    assert_int_equal(at_number(document, "unsent"), 0);
    assert_true(json_is_null(at(document, "agreement")));
    assert_string_equal(at_text(shown_field(document, "likes"), "value"), "Tog og sæbebobler");
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    edit(&stage->mette, id, "likes", "Tog");
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
}

SCENE(a_form_has_one_revision_from_draft_to_acceptance) {
    STAGE(stage);
    char id[ID_TEXT_MAX], revision[HEX_TEXT_MAX];
    draft_alma(stage, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    assert_int_equal(strlen(revision), 64);
    agree(&stage->mette, id);
    assert_string_equal(at_text(show(&stage->mette, id), "agreement.revision"), revision);
    assert_string_equal(at_text(desk_call(&stage->mette, "handover", "send",
                                          json_pack("{s:s, s:b}", "id", id, "preview", 1)),
                                "revision"),
                        revision);
    assert_string_equal(
        at_text(desk_call(&stage->mette, "handover", "send", only_id(id)), "revision"), revision);
    const json_t *track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "revision"), revision);
    assert_string_equal(at_text(step(track, "agreed"), "revision"), revision);
    sync_all(&stage->federation);
    assert_string_equal(at_text(show(&stage->ole, id), "revision"), revision);
    assert_string_equal(
        at_text(desk_call(&stage->ole, "handover", "accept", only_id(id)), "accepted"), revision);
    sync_all(&stage->federation);
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "revision"), revision);
    assert_string_equal(at_text(step(track, "agreed"), "revision"), revision);
    assert_string_equal(at_text(step(track, "accepted"), "revision"), revision);
    assert_true(at_flag(step(track, "accepted"), "done"));
}

static uint64_t head_of_birk(struct stage *stage) {
    struct channel channel = channel_between(stage->birk, stage->skole);
    return newest_feed(stage->birk->store, &channel, &stage->birk->member).head.seq;
}

SCENE(a_send_is_one_envelope) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    assert_int_equal(head_of_birk(stage), 1);
    edit(&stage->mette, id, "likes", "Tog");
    edit(&stage->mette, id, "visits", "Onsdag kl. 10");
    edit(&stage->mette, id, "takes_part", "mor");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_int_equal(head_of_birk(stage), 2);
}

SCENE(each_further_value_of_a_field_takes_an_envelope_and_the_last_speaks_of_the_whole) {
    STAGE(stage);
    char id[ID_TEXT_MAX], revision[HEX_TEXT_MAX];
    struct record_id record;
    struct record loaded;
    struct arena arena;
    draft_alma(stage, id);
    edit(&stage->mette, id, "takes_part", "tolk\nmor\nMette H.");
    agree(&stage->mette, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_int_equal(head_of_birk(stage), 3);
    sync_all(&stage->federation);
    assert_string_equal(at_text(show(&stage->ole, id), "revision"), revision);
    arena_init(&arena, KIB(256));
    MUST(record_find(stage->skole->store, COLLECTION_HANDOVER, id, &record));
    MUST(record_load(stage->skole->store, COLLECTION_HANDOVER, &record, &arena, &loaded));
    static const uint16_t last[] = {HANDOVER_CONSENT, HANDOVER_AGREED_BY, HANDOVER_AGREED_ON,
                                    HANDOVER_AGREED_REVISION, HANDOVER_SENT_BY};
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        assert_int_equal(record_field(&loaded, last[i])->live[0].name.seq, 3);
    assert_string_equal(record_text_of(&loaded, HANDOVER_AGREED_REVISION, &arena), revision);
    arena_done(&arena);
}

SCENE(a_draft_that_will_make_a_conflict_has_the_revision_of_that_conflict) {
    STAGE(stage);
    char id[ID_TEXT_MAX], revision[HEX_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->mette, id, "first_day", "12 August, 8.30");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    agree(&stage->mette, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    const json_t *document = show(&stage->ole, id);
    assert_int_equal(json_array_size(at(shown_field(document, "first_day"), "conflict.values")), 2);
    assert_string_equal(at_text(document, "revision"), revision);
}

/* As another computer with this site's keys would have it written. */
static void write_consent(struct stage *stage, const char *id, const char *consent) {
    struct write write = {.collection = COLLECTION_HANDOVER,
                          .field = HANDOVER_CONSENT,
                          .value = bytes_of_text(consent)};
    struct change_set set = {
        .actor_name = "Jonas P.", .actor_function = "", .writes = &write, .writes_n = 1};
    struct change change = {
        .channel = channel_between(stage->birk, stage->skole), .sets = &set, .sets_n = 1};
    struct version_name written;
    MUST(record_find(stage->birk->store, COLLECTION_HANDOVER, id, &write.record));
    MUST(append_change(stage->birk->store, &change, &written));
}

SCENE(a_withdrawal_after_the_agreement_voids_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX], revision[HEX_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    assert_false(at_flag(show(&stage->mette, id), "agreement.void"));
    write_consent(stage, id, "withdrawn");
    const json_t *document = show(&stage->mette, id);
    assert_string_equal(at_text(document, "revision"), revision);
    assert_true(at_flag(document, "agreement.void"));
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->text, "consent has changed"));
    assert_false(at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "agreed"),
                         "done"));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_true(at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "agreed"),
                        "done"));
}

SCENE(a_receipt_that_arrives_after_the_agreement_leaves_it_standing) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    show(&stage->ole, id);
    desk_call(&stage->ole, "handover", "accept", only_id(id));
    sync_all(&stage->federation);
    desk_call(&stage->mette, "handover", "send", only_id(id));
}

SCENE(the_track_tells_relay_delivery_and_reading_apart) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    agree(&stage->mette, id);
    const json_t *track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_true(at_flag(step(track, "agreed"), "done"));
    assert_false(at_flag(step(track, "sent"), "done"));

    desk_call(&stage->mette, "handover", "send", only_id(id));
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "state"), "sent");
    assert_string_equal(at_text(step(track, "sent"), "by"), "Mette H.");
    assert_string_equal(at_text(step(track, "agreed"), "by"), "two custody holders");
    assert_string_equal(at_text(step(track, "agreed"), "on"), "2024-06-02");
    assert_false(at_flag(step(track, "at_relay"), "done"));

    sync_feeds(stage->birk, stage->nordby);
    sync_statements(stage->birk, stage->nordby);
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "state"), "at_relay");
    assert_string_equal(at_text(step(track, "at_relay"), "member.name"), "Nordby");
    assert_true(at_number(step(track, "at_relay"), "at") > 0);
    assert_false(at_flag(step(track, "delivered"), "done"));

    sync_feeds(stage->nordby, stage->skole);
    sync_statements(stage->nordby, stage->skole);
    sync_statements(stage->birk, stage->nordby);
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "state"), "delivered");
    assert_string_equal(at_text(step(track, "delivered"), "member.name"), "Søndre Skole");
    assert_false(at_flag(step(track, "read"), "done"));
    assert_int_equal(at_number(step(track, "read"), "due") - at_number(step(track, "sent"), "at"),
                     7LL * 24 * 3600 * 1000);

    show(&stage->ole, id);
    sync_all(&stage->federation);
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "state"), "read");
    assert_string_equal(at_text(step(track, "read"), "by"), "Ole R.");
}

SCENE(delivery_keeps_the_day_on_which_it_was_first_seen) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    sync_statements(stage->nordby, stage->skole);
    sync_statements(stage->birk, stage->nordby);
    const json_t *track = desk_call(&stage->mette, "handover", "track", only_id(id));
    long long at_relay = at_number(step(track, "at_relay"), "at");
    long long delivered = at_number(step(track, "delivered"), "at");
    assert_true(at_relay > 0 && delivered > 0);
    stage->federation.now += 3 * 24 * 3600 * 1000LL;
    show(&stage->ole, id); /* a change, so that there are newer statements */
    sync_all(&stage->federation);
    sync_statements(stage->nordby, stage->skole);
    sync_statements(stage->birk, stage->nordby);
    track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_true(at_flag(step(track, "read"), "done"));
    assert_int_equal(at_number(step(track, "at_relay"), "at"), at_relay);
    assert_int_equal(at_number(step(track, "delivered"), "at"), delivered);
}

SCENE(showing_it_again_writes_no_second_receipt) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    struct channel channel = channel_between(stage->birk, stage->skole);
    show(&stage->ole, id);
    uint64_t seq = newest_feed(stage->skole->store, &channel, &stage->skole->member).head.seq;
    show(&stage->ole, id);
    show(&stage->ole, id);
    assert_int_equal(newest_feed(stage->skole->store, &channel, &stage->skole->member).head.seq,
                     seq);
    /* At the sender looking writes nothing at all. */
    seq = newest_feed(stage->birk->store, &channel, &stage->birk->member).head.seq;
    show(&stage->mette, id);
    assert_int_equal(newest_feed(stage->birk->store, &channel, &stage->birk->member).head.seq, seq);
}

SCENE(a_later_sending_is_unread_until_it_is_shown_again) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    show(&stage->ole, id);
    sync_all(&stage->federation);
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_false(
        at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "read"), "done"));
    show(&stage->ole, id);
    sync_all(&stage->federation);
    assert_true(
        at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "read"), "done"));
}

SCENE(the_receiver_accepts_the_revision_that_was_shown) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    desk_refused(&stage->ole, ERR_STATE, "handover", "accept", only_id(id));
    desk_refused(&stage->mette, ERR_DENIED, "handover", "accept", only_id(id));
    show(&stage->ole, id);
    desk_call(&stage->ole, "handover", "accept", only_id(id));
    sync_all(&stage->federation);
    const json_t *track = desk_call(&stage->mette, "handover", "track", only_id(id));
    assert_string_equal(at_text(track, "state"), "accepted");
    assert_string_equal(at_text(step(track, "accepted"), "by"), "Ole R.");
    assert_string_equal(at_text(step(track, "accepted"), "revision"), at_text(track, "revision"));
}

SCENE(accepting_an_outdated_revision_is_refused_with_the_new_one) {
    STAGE(stage);
    char id[ID_TEXT_MAX], old[HEX_TEXT_MAX];
    send_alma(stage, id);
    snprintf(old, sizeof old, "%s", at_text(show(&stage->ole, id), "revision"));
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    const struct reply *reply =
        desk_refused(&stage->ole, ERR_STALE, "handover", "accept", only_id(id));
    assert_string_not_equal(at_text(reply->details, "revision"), old);
    desk_refused(&stage->ole, ERR_STALE, "handover", "accept",
                 json_pack("{s:s, s:s}", "id", id, "revision", old));
    char revision[HEX_TEXT_MAX];
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->ole, id), "revision"));
    revision[6] = '\0';
    desk_call(&stage->ole, "handover", "accept",
              json_pack("{s:s, s:s}", "id", id, "revision", revision));
}

SCENE(what_is_changed_after_acceptance_shows_as_changed) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    show(&stage->ole, id);
    desk_call(&stage->ole, "handover", "accept", only_id(id));
    edit(&stage->ole, id, "teacher", "Ole R.");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_string_equal(
        at_text(desk_call(&stage->mette, "handover", "track", only_id(id)), "state"), "changed");
}

SCENE(the_receiver_sends_its_own_part_without_an_agreement) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    desk_refused(&stage->ole, ERR_DENIED, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-06-02"));
    edit(&stage->ole, id, "teacher", "Ole R.");
    edit(&stage->ole, id, "visits", "Onsdag kl. 10");
    sync_all(&stage->federation);
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "teacher"), "value"), "");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "teacher"), "value"),
                        "Ole R.");
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "visits"), "value"),
                        "Onsdag kl. 10");
}

SCENE(what_arrives_between_agreement_and_send_must_be_agreed_to_as_well) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "visits", "Onsdag kl. 10");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    sync_all(&stage->federation);
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
}

SCENE(a_version_that_arrived_while_a_draft_lay_here_is_not_overwritten) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->mette, id, "first_day", "12 August, 8.30");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_true(at_flag(shown_field(show(&stage->mette, id), "first_day"), "overtaken"));
    agree(&stage->mette, id);
    const json_t *sent = desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_true(at_flag(sent, "changes.0.overtaken"));
    sync_all(&stage->federation);
    assert_int_equal(
        json_array_size(at(shown_field(show(&stage->mette, id), "first_day"), "conflict.values")),
        2);
    assert_int_equal(
        json_array_size(at(shown_field(show(&stage->ole, id), "first_day"), "conflict.values")), 2);
}

SCENE(a_draft_typed_again_after_the_new_version_was_shown_replaces_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->mette, id, "first_day", "12 August, 8.30");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    show(&stage->mette, id);
    edit(&stage->mette, id, "first_day", "14 August, 8.30");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    const json_t *field = shown_field(show(&stage->ole, id), "first_day");
    assert_true(json_is_null(at(field, "conflict")));
    assert_string_equal(at_text(field, "value"), "14 August, 8.30");
}

SCENE(an_edit_back_to_what_was_sent_is_no_draft) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    edit(&stage->mette, id, "likes", "Tog og sæbebobler\r\n");
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
}

SCENE(a_field_is_cleared_by_an_empty_value) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "");
    assert_true(json_is_string(at(shown_field(show(&stage->mette, id), "likes"), "draft")));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_string_equal(at_text(shown_field(show(&stage->ole, id), "likes"), "value"), "");
}

static void assert_takes_part(struct desk *desk, const char *id, size_t n,
                              const char *const *people) {
    const char *value = at_text(shown_field(show(desk, id), "takes_part"), "value");
    size_t lines = *value != '\0';
    for (const char *c = value; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, n);
    for (size_t i = 0; i < n; i++)
        assert_non_null(strstr(value, people[i]));
}

SCENE(several_values_are_one_a_line_and_merge_with_the_other_sites) {
    STAGE(stage);
    static const char *const two[] = {"mor", "Mette H."};
    static const char *const four[] = {"mor", "Mette H.", "Ole R.", "tolk"};
    static const char *const three[] = {"mor", "Ole R.", "tolk"};
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    edit(&stage->mette, id, "takes_part", "  mor \n\nMette H.\nmor");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_takes_part(&stage->ole, id, 2, two);
    edit(&stage->ole, id, "takes_part", "Ole R.\nmor\nMette H.\ntolk");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_takes_part(&stage->mette, id, 4, four);
    edit(&stage->mette, id, "takes_part", "tolk\nmor\nOle R.");
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_takes_part(&stage->ole, id, 3, three);
    edit(&stage->ole, id, "takes_part", "");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    assert_takes_part(&stage->mette, id, 0, NULL);
}

SCENE(discarding_forgets_what_was_not_sent_and_a_form_never_sent_altogether) {
    STAGE(stage);
    char id[ID_TEXT_MAX], other[ID_TEXT_MAX];
    send_alma(stage, id);
    draft_alma(stage, other);
    edit(&stage->mette, id, "likes", "Tog");
    desk_call(&stage->mette, "handover", "edit", json_pack("{s:s, s:b}", "id", id, "discard", 1));
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
    desk_call(&stage->mette, "handover", "edit",
              json_pack("{s:s, s:b}", "id", other, "discard", 1));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id(other));
}

/* Forms. */

static json_t *with_form(const char *id, const char *text) {
    return json_pack("{s:s, s:s, s:s}", "id", id, "form", text, "form_path", "alma.txt");
}

SCENE(a_form_comes_back_as_edits_of_what_was_changed_in_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", only_id(id));
    const char *form = at_text(document, "form.en");
    assert_non_null(strstr(form, "\nTog og sæbebobler\n"));
    assert_null(strstr(form, "[teacher]"));
    assert_null(strstr(form, "[consent]"));
    char *changed = malloc(strlen(form) + 64);
    assert_non_null(changed);
    const char *place = strstr(form, "Tog og sæbebobler");
    sprintf(changed, "%.*sTog, biler%s", (int)(place - form), form,
            place + strlen("Tog og sæbebobler"));
    desk_call(&stage->mette, "handover", "edit", with_form(id, changed));
    free(changed);
    document = show(&stage->mette, id);
    assert_int_equal(at_number(document, "unsent"), 1);
    assert_string_equal(at_text(shown_field(document, "likes"), "draft"), "Tog, biler");
}

SCENE(a_blank_of_an_empty_form_clears_nothing_and_emptying_a_filled_in_one_does) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", NULL);
    char *blank = strdup(at_text(document, "form.en"));
    assert_non_null(blank);
    desk_call(&stage->mette, "handover", "edit", with_form(id, blank));
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"),
                        "Tog og sæbebobler");
    desk_call(&stage->mette, "handover", "template", only_id(id));
    desk_call(&stage->mette, "handover", "edit", with_form(id, blank));
    free(blank);
    document = show(&stage->mette, id);
    assert_true(json_is_null(at(shown_field(document, "likes"), "draft")));
    assert_int_equal(at_number(document, "unsent"), 0);
}

SCENE(what_arrived_while_the_editor_was_open_is_neither_reverted_nor_overwritten) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", only_id(id));
    char *form = strdup(at_text(document, "form.en"));
    assert_non_null(form);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->ole, id, "contact", "Ole R.");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    sync_all(&stage->federation);
    /* Nothing was changed in the editor: the form still says 12 August, and that is no edit. */
    desk_call(&stage->mette, "handover", "edit", with_form(id, form));
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
    /* The same day was changed: both stand. */
    char *place = strstr(form, "12 August, 9.00");
    assert_non_null(place);
    memcpy(place, "11", 2);
    desk_call(&stage->mette, "handover", "edit", with_form(id, form));
    free(form);
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    const json_t *field = shown_field(show(&stage->mette, id), "first_day");
    assert_int_equal(json_array_size(at(field, "conflict.values")), 2);
}

SCENE(a_bad_form_is_refused_whole_with_its_line) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply = desk_refused(&stage->mette, ERR_FORMAT, "handover", "edit",
                                             with_form(id, "[likes]\nTog\n\n[lieks]\nTog\n"));
    assert_int_equal(at_number(reply->details, "line"), 4);
    assert_string_equal(at_text(reply->details, "file"), "alma.txt");
    reply = desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                         with_form(id, "[likes]\nTog\n\n[born]\n3 May\n"));
    assert_int_equal(at_number(reply->details, "line"), 4);
    assert_string_equal(at_text(reply->details, "field"), "born");
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"),
                        "Tog og sæbebobler");
}

SCENE(a_new_form_may_begin_with_a_filled_in_template) {
    STAGE(stage);
    const json_t *document = desk_call(&stage->mette, "handover", "template", NULL);
    assert_non_null(strstr(at_text(document, "form.da"), "[child_name] Barnets navn"));
    document = desk_call(&stage->mette, "handover", "new",
                         json_pack("{s:s, s:s}", "to", "søndre skole", "form",
                                   "[child_name]\nEmil\n[likes]\n\n[born]\n"));
    assert_string_equal(at_text(document, "child"), "Emil");
    assert_int_equal(at_number(document, "unsent"), 1);
}

SCENE(drafts_survive_closing_and_are_not_readable_in_the_database) {
    STAGE(stage);
    char id[ID_TEXT_MAX], path[384];
    draft_alma(stage, id);
    site_close(stage->birk);
    static const char *const files[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", stage->birk->path, files[i]);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        static char content[4 << 20];
        size_t size = fread(content, 1, sizeof content, file);
        fclose(file);
        assert_null(memmem(content, size, "Alma Unika", 10));
        assert_true(i > 0 || size > 0);
    }
    site_open(stage->birk);
    assert_string_equal(at_text(show(&stage->mette, id), "child"), "Alma Unika");
}

#define PLAY(scene) cmocka_unit_test_setup_teardown(scene, set_up, tear_down)

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PLAY(nothing_leaves_before_send),
        PLAY(a_draft_is_listed_with_the_childs_name_and_where_it_is_going),
        PLAY(an_id_may_be_shortened_and_one_that_fits_many_lists_them),
        PLAY(a_form_goes_only_to_an_active_kindergarten_or_school_other_than_ones_own),
        PLAY(values_are_checked_with_their_label_and_all_of_an_edit_or_nothing_is_kept),
        PLAY(each_end_writes_its_own_parts_and_nobody_writes_the_track),
        PLAY(sending_is_refused_without_the_parents_agreement),
        PLAY(an_edit_after_the_agreement_voids_it_and_taking_it_back_restores_it),
        PLAY(an_agreement_has_a_real_day_that_is_not_in_the_future),
        PLAY(only_exactly_the_revision_that_was_confirmed_is_sent),
        PLAY(a_form_that_names_no_child_is_not_sent),
        PLAY(the_school_reads_what_was_sent_and_the_relaying_municipality_can_not),
        PLAY(a_third_site_gets_nothing),
        PLAY(a_send_takes_its_drafts_and_agreement_with_it),
        PLAY(a_form_has_one_revision_from_draft_to_acceptance),
        PLAY(a_send_is_one_envelope),
        PLAY(each_further_value_of_a_field_takes_an_envelope_and_the_last_speaks_of_the_whole),
        PLAY(a_draft_that_will_make_a_conflict_has_the_revision_of_that_conflict),
        PLAY(a_withdrawal_after_the_agreement_voids_it),
        PLAY(a_receipt_that_arrives_after_the_agreement_leaves_it_standing),
        PLAY(the_track_tells_relay_delivery_and_reading_apart),
        PLAY(delivery_keeps_the_day_on_which_it_was_first_seen),
        PLAY(showing_it_again_writes_no_second_receipt),
        PLAY(a_later_sending_is_unread_until_it_is_shown_again),
        PLAY(the_receiver_accepts_the_revision_that_was_shown),
        PLAY(accepting_an_outdated_revision_is_refused_with_the_new_one),
        PLAY(what_is_changed_after_acceptance_shows_as_changed),
        PLAY(the_receiver_sends_its_own_part_without_an_agreement),
        PLAY(what_arrives_between_agreement_and_send_must_be_agreed_to_as_well),
        PLAY(a_version_that_arrived_while_a_draft_lay_here_is_not_overwritten),
        PLAY(a_draft_typed_again_after_the_new_version_was_shown_replaces_it),
        PLAY(an_edit_back_to_what_was_sent_is_no_draft),
        PLAY(a_field_is_cleared_by_an_empty_value),
        PLAY(several_values_are_one_a_line_and_merge_with_the_other_sites),
        PLAY(discarding_forgets_what_was_not_sent_and_a_form_never_sent_altogether),
        PLAY(a_form_comes_back_as_edits_of_what_was_changed_in_it),
        PLAY(a_blank_of_an_empty_form_clears_nothing_and_emptying_a_filled_in_one_does),
        PLAY(what_arrived_while_the_editor_was_open_is_neither_reverted_nor_overwritten),
        PLAY(a_bad_form_is_refused_whole_with_its_line),
        PLAY(a_new_form_may_begin_with_a_filled_in_template),
        PLAY(drafts_survive_closing_and_are_not_readable_in_the_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
