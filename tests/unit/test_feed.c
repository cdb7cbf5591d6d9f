#include "proto/limits.h"
#include "scene.h"
#include "store/acks.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/news.h"
#include "store/quarantine.h"
#include "store/replica.h"
#include "test.h"

#include <sqlite3.h>
#include <stdio.h>

/* Ten writes of the kindergarten, which the municipality got in one run: there only the last
 * signature is checked. */
static void scene_begin(struct scene *s) {
    scene_open(s);
    for (int i = 0; i < 10; i++) {
        struct record_id record = record_of(s->birk);
        write_field(s->birk, &s->channel, &record, HANDOVER_CHILD_NAME, "Alma", NULL);
    }
    sync_to(s->birk, s->town, RUN_SIZE_MAX);
    s->feed = newest_feed(s->town->store, &s->channel, &s->birk->member);
}

struct ids {
    struct envelope_id ids[32];
    size_t n;
};

static enum err collect(void *context, const struct feed_info *feed,
                        const struct entry_info *entry) {
    struct ids *ids = context;
    (void)feed;
    if (entry->seq != ids->n + 1)
        return ERR_INTERNAL;
    ids->ids[ids->n++] = entry->id;
    return OK;
}

static struct ids ids_of(struct store *store, const struct feed_id *feed) {
    struct ids ids = {.n = 0};
    MUST(feed_entries(store, feed, 1, collect, &ids));
    return ids;
}

TEST(a_small_run_ends_at_a_signature_that_was_checked_and_is_admitted_elsewhere) {
    struct scene s;
    scene_begin(&s);
    assert_int_equal(s.feed.head.seq, 10);
    size_t moved = 0;
    struct admitted admitted = {.feed.head.seq = 0};
    struct id8 id8 = {{0}};
    while (admitted.feed.head.seq < 10) {
        buffer_clear(&s.run);
        assert_ok(feed_load(s.town->store, &s.feed.id, admitted.feed.head.seq, &id8, 2500, &s.run));
        assert_true(s.run.size <= 2500);
        assert_ok(admit_run(s.school->store, &s.town->member, &s.feed.id, buffer_view(&s.run),
                            &admitted));
        id8 = envelope_id8(&admitted.feed.head.id);
        moved++;
    }
    assert_true(moved > 1 && moved < 10);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_run_never_ends_at_a_bad_signature) {
    struct scene s;
    struct forge forge;
    struct admitted admitted;
    scene_begin(&s);
    forge_begin(&forge, s.birk, &s.feed);
    for (int i = 0; i < 4; i++) {
        forge_next(&forge);
        forge_sign(&forge, i == 1 || i == 2 ? &s.school->keys.sign : NULL, &s.run);
    }
    assert_ok(
        admit_run(s.town->store, &s.birk->member, &s.feed.id, buffer_view(&s.run), &admitted));
    struct ids ids = ids_of(s.town->store, &s.feed.id);
    struct id8 tenth = envelope_id8(&ids.ids[9]), eleventh = envelope_id8(&ids.ids[10]);
    buffer_clear(
        &s.run); /* two would fit: the second's signature is bad, so it ends at the first */
    assert_ok(feed_load(s.town->store, &s.feed.id, 10, &tenth, 2 * SIGNED_HEADER_SIZE, &s.run));
    assert_int_equal(s.run.size, SIGNED_HEADER_SIZE);
    buffer_clear(
        &s.run); /* the next good one is the third from there: it goes beyond what was asked */
    assert_ok(feed_load(s.town->store, &s.feed.id, 11, &eleventh, SIGNED_HEADER_SIZE, &s.run));
    assert_int_equal(s.run.size, 3 * SIGNED_HEADER_SIZE);
    forge_end(&forge);
    scene_end(&s);
}

TEST(a_first_envelope_larger_than_asked_comes_all_the_same) {
    struct scene s;
    scene_begin(&s);
    assert_ok(feed_load(s.town->store, &s.feed.id, 0, NULL, 1, &s.run));
    assert_true(s.run.size > 1);
    scene_end(&s);
}

TEST(a_run_after_another_branch_or_the_head_is_refused) {
    struct scene s;
    scene_begin(&s);
    struct ids ids = ids_of(s.town->store, &s.feed.id);
    struct id8 third = envelope_id8(&ids.ids[2]), head = envelope_id8(&s.feed.head.id);
    third.bytes[0] ^= 1;
    assert_err(ERR_CHAIN, feed_load(s.town->store, &s.feed.id, 3, &third, 9000, &s.run));
    assert_err(ERR_NOT_FOUND, feed_load(s.town->store, &s.feed.id, 10, &head, 9000, &s.run));
    assert_err(ERR_NOT_FOUND, feed_load(s.town->store, &s.feed.id, 11, &head, 9000, &s.run));
    struct feed_id unknown = {{1}};
    assert_err(ERR_NOT_FOUND, feed_load(s.town->store, &unknown, 0, NULL, 9000, &s.run));
    assert_int_equal(s.run.size, 0);
    scene_end(&s);
}

static enum err ordered(void *context, const struct feed_info *feed) {
    struct feed_info *last = context;
    int channels = channel_id_compare(&last->channel_id, &feed->channel_id);
    bool rises = channels < 0 || (channels == 0 && feed_id_compare(&last->id, &feed->id) < 0);
    *last = *feed;
    return rises ? OK : ERR_INTERNAL;
}

TEST(feeds_come_in_order_of_channel_then_id) {
    struct scene s;
    scene_begin(&s);
    struct channel back = channel_between(s.school, s.birk);
    struct record_id record = record_of(s.school);
    write_field(s.school, &back, &record, 50, "12 August", NULL);
    sync_all(&s.f);
    struct feed_info last = {0};
    assert_ok(feed_each(s.town->store, ordered, &last));
    assert_false(feed_id_is_zero(&last.id));
    scene_end(&s);
}

static enum err stop(void *context, const struct feed_info *feed) {
    (void)feed;
    ++*(int *)context;
    return ERR_CANCELLED;
}

TEST(beyond_a_feeds_end_there_is_nothing_whatever_the_number) {
    static const uint64_t numbers[] = {11, 1ULL << 40, 1ULL << 41, 1ULL << 63, UINT64_MAX};
    struct scene s;
    struct ids ids = {.n = 0};
    scene_begin(&s);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_ok(feed_entries(s.birk->store, &s.feed.id, numbers[i], collect, &ids));
        assert_int_equal(ids.n, 0);
    }
    scene_end(&s);
}

TEST(a_visitor_ends_a_walk_with_what_it_returns) {
    struct scene s;
    scene_begin(&s);
    int n = 0;
    assert_err(ERR_CANCELLED, feed_each(s.town->store, stop, &n));
    assert_int_equal(n, 1);
    scene_end(&s);
}

TEST(news_tell_each_change_once_and_only_what_was_committed) {
    struct scene s;
    struct news news;
    scene_begin(&s);
    while (news_next(s.birk->store, &news)) {
    }
    struct record_id record = record_of(s.birk);
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    assert_false(news_next(s.birk->store, &news));
    store_rollback(s.birk->store);
    assert_false(news_next(s.birk->store, &news));
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &record, 11, "tegne", NULL);
    assert_ok(store_commit(s.birk->store));
    size_t feeds = 0, records = 0;
    while (news_next(s.birk->store, &news)) {
        feeds += news.kind == NEWS_FEED;
        records += news.kind == NEWS_RECORD;
        if (news.kind == NEWS_FEED)
            assert_int_equal(news.feed.head.seq, 12);
        if (news.kind == NEWS_RECORD)
            assert_memory_equal(&news.record, &record, sizeof record);
    }
    assert_int_equal(feeds, 1);
    assert_int_equal(records, 1);
    scene_end(&s);
}

TEST(news_that_cannot_be_read_are_not_passed_over) {
    struct scene s;
    struct news news;
    size_t lost = 0;
    scene_begin(&s);
    while (news_next(s.birk->store, &news)) {
    }
    struct record_id record = record_of(s.birk);
    write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    /* A roll-back forgets what is kept of feeds in memory. */
    assert_ok(store_begin(s.birk->store));
    store_rollback(s.birk->store);
    assert_ok(db_execute(s.birk->store->db, "DROP VIEW feed_full"));
    while (news_next(s.birk->store, &news)) {
        assert_int_not_equal(news.kind, NEWS_FEED);
        lost += news.kind == NEWS_LOST;
        if (news.kind == NEWS_LOST)
            assert_err(ERR_CORRUPT, news.error);
    }
    assert_int_equal(lost, 1);
    scene_end(&s);
}

TEST(many_news_are_all_told) {
    struct scene s;
    struct news news;
    scene_begin(&s);
    while (news_next(s.birk->store, &news)) {
    }
    for (int round = 0; round < 3; round++) {
        assert_ok(store_begin(s.birk->store));
        for (int i = 0; i < 150; i++) {
            struct record_id record = record_of(s.birk);
            write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
        }
        assert_ok(store_commit(s.birk->store));
    }
    size_t records = 0;
    while (news_next(s.birk->store, &news))
        records += news.kind == NEWS_RECORD;
    assert_int_equal(records, 450);
    scene_end(&s);
}

static bool is_confirmed(struct site *site, const struct feed_id *id) {
    struct feed_info feed;
    MUST(feed_find(site->store, id, &feed));
    return feed.confirmed;
}

static bool is_restored(struct site *site) {
    bool restored;
    MUST(acks_restored(site->store, &restored));
    return restored;
}

TEST(a_bare_claim_of_more_stops_no_feed_that_is_confirmed) {
    struct scene s;
    scene_begin(&s);
    struct id8 lie = {{9}};
    for (uint64_t i = 0; i < 20; i++) {
        assert_ok(feed_reported(s.birk->store, &s.town->member, &s.feed.id, (1 << 30) + i, &lie));
        struct record_id record = record_of(s.birk);
        write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    }
    assert_int_equal(count_feeds(s.birk->store, &s.channel, &s.birk->member), 1);
    assert_false(is_restored(s.birk));
    scene_end(&s);
}

struct claims {
    size_t n;
    struct member_id from;
};

static enum err find_claims(void *context, const struct quarantined *thing) {
    struct claims *claims = context;
    if (thing->kind == QUARANTINE_INCIDENT && thing->reason == ERR_STALE) {
        claims->n++;
        claims->from = thing->from;
    }
    return OK;
}

TEST(a_claim_delays_a_confirmation_once_and_becomes_an_incident_that_names_who_made_it) {
    struct scene s;
    struct claims claims = {.n = 0};
    scene_begin(&s);
    struct id8 lie = {{9}}, head = envelope_id8(&s.feed.head.id);
    site_move(s.birk);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.feed.id, 1 << 30, &lie));
    assert_ok(feed_reported(s.birk->store, &s.town->member, &s.feed.id, 10, &head));
    assert_false(is_confirmed(s.birk, &s.feed.id));
    assert_true(is_restored(s.birk)); /* as far as is known */
    s.f.now += 61000;
    assert_false(is_restored(s.birk)); /* it is waited for no longer */
    assert_false(is_confirmed(s.birk, &s.feed.id));
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.feed.id, 1 << 29, &lie));
    assert_true(is_confirmed(s.birk, &s.feed.id));
    assert_false(is_restored(s.birk));
    assert_ok(quarantine_each(s.birk->store, find_claims, &claims));
    assert_int_equal(claims.n, 1);
    assert_memory_equal(&claims.from, &s.school->member, sizeof claims.from);
    site_close(s.birk);
    site_open(s.birk);
    assert_true(is_confirmed(s.birk, &s.feed.id));
    assert_false(is_restored(s.birk));
    scene_end(&s);
}

TEST(an_incident_that_was_rolled_back_is_told_again) {
    struct scene s;
    struct claims claims = {.n = 0};
    bool confirmed;
    scene_begin(&s);
    struct id8 lie = {{9}};
    site_move(s.birk);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.feed.id, 1 << 30, &lie));
    s.f.now += 61000;
    assert_ok(store_begin(s.birk->store));
    assert_ok(feed_settle(s.birk->store, &s.feed.id, &confirmed));
    store_rollback(s.birk->store);
    assert_ok(quarantine_each(s.birk->store, find_claims, &claims));
    assert_int_equal(claims.n, 0);
    for (int i = 0; i < 2; i++)
        assert_ok(feed_settle(s.birk->store, &s.feed.id, &confirmed));
    assert_ok(quarantine_each(s.birk->store, find_claims, &claims));
    assert_int_equal(claims.n, 1);
    scene_end(&s);
}

TEST(a_claim_delays_a_confirmation_as_long_however_the_wall_clock_is_set) {
    static const time_ms jumps[] = {-3600000, 3600000};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        scene_begin(&s);
        struct id8 lie = {{9}}, head = envelope_id8(&s.feed.head.id);
        s.f.since_start = 1000;
        site_move(s.birk);
        assert_ok(feed_reported(s.birk->store, &s.school->member, &s.feed.id, 1 << 30, &lie));
        s.f.now += jumps[i];
        assert_ok(feed_reported(s.birk->store, &s.town->member, &s.feed.id, 10, &head));
        assert_false(is_confirmed(s.birk, &s.feed.id));
        s.f.since_start += 61000;
        assert_ok(feed_reported(s.birk->store, &s.town->member, &s.feed.id, 10, &head));
        assert_true(is_confirmed(s.birk, &s.feed.id));
        scene_end(&s);
    }
}

TEST(a_claim_that_is_delivered_closes_the_feed_however_many_lag) {
    struct scene s;
    scene_begin(&s);
    struct id8 old = envelope_id8(&s.feed.head.id);
    site_backup(s.birk);
    struct record_id record = record_of(s.birk);
    struct version_name lost =
        write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    sync_feeds(s.birk, s.school);
    site_restore(s.birk, OTHER_BOOT); /* the disk seems the same */
    assert_ok(feed_reported(s.birk->store, &s.school->member, &lost.feed, lost.seq, &lost.id8));
    assert_ok(feed_reported(s.birk->store, &s.town->member, &lost.feed, 10, &old));
    sync_feeds(s.birk, s.school);
    assert_ok(feed_reported(s.birk->store, &s.town->member, &lost.feed, lost.seq, &lost.id8));
    struct version_name next =
        write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Ib", NULL);
    assert_false(feed_id_equal(&next.feed, &lost.feed));
    scene_end(&s);
}

TEST(an_author_has_so_many_feeds_in_a_channel_and_all_are_stated) {
    struct scene s;
    scene_begin(&s);
    struct channel_id channel = channel_id_of(&s.f.id, &s.channel);
    enum err e = OK;
    size_t n = 1; /* the scene's */
    assert_ok(store_begin(s.town->store));
    for (; e == OK && n < 1100; n += e == OK) {
        struct declaration d = {.kind = DECLARATION_BIRTH};
        struct forge forge;
        struct admitted admitted;
        d.birth = (struct birth){.federation = s.f.id,
                                 .channel = s.channel,
                                 .author = s.birk->member,
                                 .incarnation = incarnation_new(1717400000000 + (time_ms)n)};
        struct feed_info feed = {
            .id = feed_id_of(&s.f.id, &channel, &s.birk->member, &d.birth.incarnation)};
        forge_begin(&forge, s.birk, &feed);
        forge_next(&forge);
        forge_declaration(&forge, &d);
        buffer_clear(&s.run);
        forge_sign(&forge, NULL, &s.run);
        e = admit_run(s.town->store, &s.birk->member, &feed.id, buffer_view(&s.run), &admitted);
        forge_end(&forge);
    }
    assert_ok(store_commit(s.town->store));
    assert_err(ERR_QUOTA, e);
    assert_int_equal(n, 1024);
    assert_int_equal(count_feeds(s.town->store, &s.channel, &s.birk->member), 1024);
    assert_ok(acks_state(s.town->store, &channel));
    scene_end(&s);
}

/* As if it had been started so often and written each time before it was connected. */
static void have_feeds(struct site *site, const struct channel_id *channel, int n) {
    sqlite3 *db;
    char sql[800], id[HEX_TEXT_MAX];
    site_close(site);
    assert_int_equal(sqlite3_open(site->path, &db), SQLITE_OK);
    hex_text(channel->bytes, sizeof channel->bytes, id);
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO feed (id, channel, author, incarnation, head_id, closed)"
             " SELECT randomblob(32), f.channel, f.author, randomblob(16), zeroblob(32), 1"
             " FROM n, (SELECT channel, author FROM feed WHERE channel ="
             "  (SELECT row FROM channel WHERE hex(id) = upper('%s')) LIMIT 1) f",
             n, id);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    site_open(site);
}

TEST(however_many_feeds_an_author_has_it_can_write_on) {
    struct scene s;
    scene_begin(&s);
    struct channel_id channel = channel_id_of(&s.f.id, &s.channel);
    have_feeds(s.birk, &channel, 1100);
    site_move(s.birk);
    struct record_id record = record_of(s.birk);
    struct version_name next =
        write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    assert_false(feed_id_equal(&next.feed, &s.feed.id));
    assert_int_equal(next.seq, 1);
    scene_end(&s);
}

TEST(an_author_fills_so_much_of_others_disks_and_keeps_the_rest) {
    struct scene s;
    struct admitted admitted;
    char sql[96];
    scene_open_shared(&s);
    struct feed_info before = newest_feed(s.town->store, &s.channel, &s.birk->member);
    struct id8 id8 = envelope_id8(&before.head.id);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(feed_load(s.birk->store, &before.id, before.head.seq, &id8, RUN_SIZE_MAX, &s.run));
    uint64_t room = BYTES_PER_AUTHOR_MAX - s.run.size;
    snprintf(sql, sizeof sql,
             "UPDATE feed SET bytes = %llu WHERE row = (SELECT max(row) FROM feed)",
             (unsigned long long)room + 1);
    MUST(db_execute(s.town->store->db, sql));
    assert_err(ERR_QUOTA, admit_run(s.town->store, &s.birk->member, &before.id, buffer_view(&s.run),
                                    &admitted));
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL); /* its own node takes it */
    snprintf(sql, sizeof sql,
             "UPDATE feed SET bytes = %llu WHERE row = (SELECT max(row) FROM feed)",
             (unsigned long long)room);
    MUST(db_execute(s.town->store->db, sql));
    assert_ok(admit_run(s.town->store, &s.birk->member, &before.id, buffer_view(&s.run),
                        &admitted)); /* the very last that fits */
    assert_int_equal(admitted.new_n, 1);
    buffer_clear(&s.run);
    id8 = envelope_id8(&admitted.feed.head.id);
    assert_ok(
        feed_load(s.birk->store, &before.id, admitted.feed.head.seq, &id8, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_QUOTA, admit_run(s.town->store, &s.birk->member, &before.id, buffer_view(&s.run),
                                    &admitted));
    scene_end(&s);
}

TEST(the_roster_and_a_nodes_own_entries_come_however_much_their_authors_have_stored) {
    struct scene s;
    char backup[400];
    struct feed_info feed;
    scene_begin(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    site_close(s.birk);
    temp_copy(s.birk->path, backup);
    site_open(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_all(&s.f);
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    s.birk->place.bytes[1]++;
    site_open(s.birk);
    MUST(db_execute(s.birk->store->db, "UPDATE feed SET bytes = 1 << 40"));
    sync_feeds(s.town, s.birk);
    assert_ok(feed_find(s.birk->store, &s.feed.id, &feed));
    assert_int_equal(feed.head.seq, s.feed.head.seq + 1);
    federation_set_status(&s.f, s.relay, MEMBER_SUSPENDED);
    sync_feeds(s.town, s.birk);
    assert_int_equal(s.birk->store->roster.seq, s.town->store->roster.seq);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_small_run_ends_at_a_signature_that_was_checked_and_is_admitted_elsewhere),
        cmocka_unit_test(a_run_never_ends_at_a_bad_signature),
        cmocka_unit_test(a_first_envelope_larger_than_asked_comes_all_the_same),
        cmocka_unit_test(a_run_after_another_branch_or_the_head_is_refused),
        cmocka_unit_test(feeds_come_in_order_of_channel_then_id),
        cmocka_unit_test(beyond_a_feeds_end_there_is_nothing_whatever_the_number),
        cmocka_unit_test(a_visitor_ends_a_walk_with_what_it_returns),
        cmocka_unit_test(news_tell_each_change_once_and_only_what_was_committed),
        cmocka_unit_test(news_that_cannot_be_read_are_not_passed_over),
        cmocka_unit_test(many_news_are_all_told),
        cmocka_unit_test(a_bare_claim_of_more_stops_no_feed_that_is_confirmed),
        cmocka_unit_test(
            a_claim_delays_a_confirmation_once_and_becomes_an_incident_that_names_who_made_it),
        cmocka_unit_test(an_incident_that_was_rolled_back_is_told_again),
        cmocka_unit_test(a_claim_delays_a_confirmation_as_long_however_the_wall_clock_is_set),
        cmocka_unit_test(however_many_feeds_an_author_has_it_can_write_on),
        cmocka_unit_test(a_claim_that_is_delivered_closes_the_feed_however_many_lag),
        cmocka_unit_test(an_author_fills_so_much_of_others_disks_and_keeps_the_rest),
        cmocka_unit_test(
            the_roster_and_a_nodes_own_entries_come_however_much_their_authors_have_stored),
        cmocka_unit_test(an_author_has_so_many_feeds_in_a_channel_and_all_are_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
