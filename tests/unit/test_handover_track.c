/* After the send: delivery, reading and acceptance, as both ends see them. */
#include "full_disk.h"
#include "stage.h"

#include "store/acks.h"
#include "store/append.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>

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
    assert_string_equal(at_text(step(track, "agreed"), "on"), "2024-06-03");
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
    deliver(stage, &stage->mette, id);
    assert_false(
        at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "read"), "done"));
    show(&stage->ole, id);
    sync_all(&stage->federation);
    assert_true(
        at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "read"), "done"));
}

SCENE(a_form_can_be_looked_at_where_nothing_can_be_written) {
    STAGE(stage);
    char id[ID_TEXT_MAX], shown[3][32];
    send_alma(stage, id);
    sync_statements(stage->nordby, stage->skole);
    sync_statements(stage->birk, stage->nordby);
    full_disk_begin(0);
    snprintf(shown[0], 32, "%s", at_text(show(&stage->ole, id), "not_noted"));
    snprintf(shown[1], 32, "%s",
             at_text(desk_call(&stage->mette, "handover", "track", only_id(id)), "not_noted"));
    snprintf(shown[2], 32, "%s",
             at_text(desk_call(&stage->mette, "handover", "print", only_id(id)), "not_noted"));
    full_disk_end();
    for (size_t i = 0; i < 3; i++)
        assert_true(strcmp(shown[i], "io") == 0 || strcmp(shown[i], "disk_full") == 0);
    desk_refused(&stage->ole, ERR_STATE, "handover", "accept", only_id(id));
    assert_true(json_is_null(at(show(&stage->ole, id), "not_noted")));
    desk_call(&stage->ole, "handover", "accept", only_id(id));
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
    deliver(stage, &stage->mette, id);
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
    deliver(stage, &stage->ole, id);
    assert_string_equal(
        at_text(desk_call(&stage->mette, "handover", "track", only_id(id)), "state"), "changed");
}

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PLAY(the_track_tells_relay_delivery_and_reading_apart),
        PLAY(delivery_keeps_the_day_on_which_it_was_first_seen),
        PLAY(showing_it_again_writes_no_second_receipt),
        PLAY(a_later_sending_is_unread_until_it_is_shown_again),
        PLAY(a_form_can_be_looked_at_where_nothing_can_be_written),
        PLAY(the_receiver_accepts_the_revision_that_was_shown),
        PLAY(accepting_an_outdated_revision_is_refused_with_the_new_one),
        PLAY(what_is_changed_after_acceptance_shows_as_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
