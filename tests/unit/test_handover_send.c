/* Sending: what leaves, when, to whom, and in what. */
#include "stage.h"

#include "proto/limits.h"
#include "store/append.h"
#include "store/check.h"
#include "store/record.h"

#include <stdlib.h>

static uint64_t hits_at(struct site *site, const struct node_keys *keys, const char *text) {
    uint64_t opened, hits;
    MUST(check_search(site->store, keys, text, &opened, &hits));
    return hits;
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
    deliver(stage, &stage->ole, id);
    agree(&stage->mette, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    deliver(stage, &stage->mette, id);
    const json_t *document = show(&stage->ole, id);
    assert_int_equal(json_array_size(at(shown_field(document, "first_day"), "conflict.values")), 2);
    assert_string_equal(at_text(document, "revision"), revision);
}

SCENE(the_receiver_sends_its_own_part_without_an_agreement) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    desk_refused(&stage->ole, ERR_DENIED, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-06-03"));
    edit(&stage->ole, id, "teacher", "Ole R.");
    edit(&stage->ole, id, "visits", "Onsdag kl. 10");
    sync_all(&stage->federation);
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "teacher"), "value"), "");
    deliver(stage, &stage->ole, id);
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "teacher"), "value"),
                        "Ole R.");
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "visits"), "value"),
                        "Onsdag kl. 10");
}

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PLAY(nothing_leaves_before_send),
        PLAY(a_form_goes_only_to_an_active_kindergarten_or_school_other_than_ones_own),
        PLAY(only_exactly_the_revision_that_was_confirmed_is_sent),
        PLAY(a_form_that_names_no_child_is_not_sent),
        PLAY(the_school_reads_what_was_sent_and_the_relaying_municipality_can_not),
        PLAY(a_third_site_gets_nothing),
        PLAY(a_send_takes_its_drafts_and_agreement_with_it),
        PLAY(a_form_has_one_revision_from_draft_to_acceptance),
        PLAY(a_send_is_one_envelope),
        PLAY(each_further_value_of_a_field_takes_an_envelope_and_the_last_speaks_of_the_whole),
        PLAY(a_draft_that_will_make_a_conflict_has_the_revision_of_that_conflict),
        PLAY(the_receiver_sends_its_own_part_without_an_agreement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
