#include "proto/hash.h"
#include "proto/limits.h"
#include "scene.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/key_ring.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "store/replica.h"
#include "test.h"

#include <sqlite3.h>

struct entries {
    struct header headers[16];
    struct epoch_public epochs[16]; /* of the seal blocks brought */
    size_t declared[16];            /* epochs declared */
    size_t grants[16];
    struct member_id granted[16][4];
    size_t n;
};

static enum err look(void *context, const struct feed_info *feed, const struct entry_info *entry) {
    struct entries *entries = context;
    struct envelope envelope;
    struct arena arena;
    size_t size, at = entries->n++;
    (void)feed;
    arena_init(&arena, DECODE_MEMORY_MAX);
    MUST(envelope_parse(entry->envelope, &arena, &envelope, &size));
    entries->headers[at] = envelope.header;
    if (envelope.has_seal)
        entries->epochs[at] = envelope.seal.epoch;
    for (size_t i = 0; i < envelope.header.sections_n; i++) {
        struct declaration declaration;
        if (envelope.sections[i].kind != SECTION_DECLARATION)
            continue;
        MUST(declaration_decode(envelope.sections[i].content, &arena, &declaration));
        if (declaration.kind != DECLARATION_EPOCH)
            continue;
        entries->declared[at]++;
        entries->grants[at] = declaration.epoch.grants_n;
        for (size_t k = 0; k < declaration.epoch.grants_n && k < 4; k++)
            entries->granted[at][k] = declaration.epoch.grants[k].member;
    }
    arena_done(&arena);
    return OK;
}

static struct entries entries_of(struct site *at, const struct channel *channel,
                                 const struct site *author) {
    struct entries entries = {.n = 0};
    struct feed_info feed = newest_feed(at->store, channel, &author->member);
    MUST(feed_entries(at->store, &feed.id, 1, look, &entries));
    return entries;
}

TEST(the_first_write_of_a_handover_declares_its_epoch_for_both_parties_and_nobody_else) {
    struct scene s;
    scene_open(&s);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma", NULL);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct entries entries = entries_of(s.birk, &s.channel, s.birk);
    assert_int_equal(entries.declared[0], 1);
    assert_int_equal(entries.declared[1], 0);
    assert_int_equal(entries.grants[0], 2);
    for (int i = 0; i < 2; i++)
        assert_true(member_id_equal(&entries.granted[0][i], &s.birk->member) ||
                    member_id_equal(&entries.granted[0][i], &s.school->member));
    scene_end(&s);
}

TEST(the_other_party_goes_on_with_the_epoch_that_is_there) {
    struct scene s;
    scene_open(&s);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma", NULL);
    sync_all(&s.f);
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL);
    struct entries ours = entries_of(s.birk, &s.channel, s.birk),
                   theirs = entries_of(s.school, &s.channel, s.school);
    assert_int_equal(theirs.declared[0], 0);
    assert_memory_equal(&ours.epochs[0], &theirs.epochs[0], sizeof ours.epochs[0]);
    scene_end(&s);
}

TEST(epochs_declared_while_apart_are_settled_the_same_way_by_both) {
    struct scene s;
    scene_open(&s);
    struct record_id theirs = record_of(s.school);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma", NULL);
    write_field(s.school, &s.channel, &theirs, 50, "12 August", NULL);
    sync_all(&s.f);
    site_close(s.birk); /* so that neither goes on with the content key it has in hand */
    site_open(s.birk);
    site_close(s.school);
    site_open(s.school);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.school, &s.channel, &theirs, 51, "i juni", NULL);
    struct entries a = entries_of(s.birk, &s.channel, s.birk),
                   b = entries_of(s.school, &s.channel, s.school);
    assert_memory_not_equal(&a.epochs[0], &b.epochs[0], sizeof a.epochs[0]);
    bool a_lower = memcmp(&a.epochs[0], &b.epochs[0], sizeof a.epochs[0]) < 0;
    struct epoch_public lower = a_lower ? a.epochs[0] : b.epochs[0];
    assert_memory_equal(&a.epochs[1], &lower, sizeof lower);
    assert_memory_equal(&b.epochs[1], &lower, sizeof lower);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_content_key_serves_a_thousand_envelopes_and_no_more) {
    struct scene s;
    struct envelope_id last;
    scene_open(&s);
    assert_ok(store_begin(s.birk->store));
    for (int i = 0; i < SEAL_REUSE_MAX + 2; i++) {
        struct record_id record = record_of(s.birk);
        write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    }
    assert_ok(store_commit(s.birk->store));
    struct feed_info feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct entries entries = {.n = 0};
    assert_ok(feed_entries(s.birk->store, &feed.id, SEAL_REUSE_MAX - 1, look, &entries));
    assert_int_equal(entries.headers[0].seal_seq, 1);
    assert_int_equal(entries.headers[1].seal_seq, 1); /* the thousandth */
    assert_int_equal(entries.headers[2].seal_seq, SEAL_REUSE_MAX + 1);
    assert_int_equal(entries.headers[3].seal_seq, SEAL_REUSE_MAX + 1);
    sync_to(s.birk, s.town, RUN_SIZE_MAX);
    sync_to(s.town, s.school, RUN_SIZE_MAX);
    struct feed_info there = newest_feed(s.school->store, &s.channel, &s.birk->member);
    last = there.head.id;
    assert_memory_equal(&last, &feed.head.id, sizeof last);
    assert_int_equal(there.waiting + there.voided, 0);
    scene_end(&s);
}

TEST(a_key_in_hand_is_forgotten_with_the_node) {
    struct scene s;
    scene_open(&s);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma", NULL);
    site_close(s.birk);
    site_open(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct entries entries = entries_of(s.birk, &s.channel, s.birk);
    assert_int_equal(entries.headers[1].seal_seq, 2);
    assert_memory_equal(&entries.epochs[0], &entries.epochs[1], sizeof entries.epochs[0]);
    scene_end(&s);
}

static enum err incidents(void *context, const struct quarantined *thing) {
    if (thing->kind == QUARANTINE_INCIDENT && thing->reason == ERR_SEAL)
        ++*(size_t *)context;
    return OK;
}

TEST(an_epoch_whose_grant_does_not_yield_it_is_not_used_and_an_incident_raised) {
    struct scene s;
    struct declaration declaration = {.kind = DECLARATION_EPOCH};
    struct epoch_public fresh, other_public;
    struct epoch_secret secret, other;
    struct grant grants[2];
    struct version_name written;
    size_t n = 0;
    scene_open(&s);
    grants[0].member = s.birk->member;
    grants[1].member = s.school->member;
    assert_ok(epoch_new(&fresh, &secret));
    assert_ok(epoch_new(&other_public, &other));
    assert_ok(grant_seal(&secret, &s.birk->keys.public.seal, grants[0].sealed));
    assert_ok(grant_seal(&other, &s.school->keys.public.seal, grants[1].sealed));
    struct channel_id channel_id = channel_id_of(&s.f.id, &s.channel);
    declaration.epoch = (struct epoch_declaration){
        .channel = channel_id, .number = 1, .public_key = fresh, .grants = grants, .grants_n = 2};
    assert_ok(append_change(
        s.birk->store,
        &(struct change){.channel = s.channel, .declarations = &declaration, .declarations_n = 1},
        &written));
    sync_all(&s.f);
    assert_ok(quarantine_each(s.school->store, incidents, &n));
    assert_int_equal(n, 1);
    struct record_id theirs = record_of(s.school);
    write_field(s.school, &s.channel, &theirs, 50, "12 August", NULL);
    struct entries entries = entries_of(s.school, &s.channel, s.school);
    assert_int_equal(entries.declared[0], 1);
    assert_memory_not_equal(&entries.epochs[0], &fresh, sizeof fresh);
    scene_end(&s);
}

static int64_t grants_kept(struct store *store, const struct member_id *member) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*) FROM epoch_grant WHERE member = ?");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    bool row = false;
    MUST(db_row(store->db, get, &row));
    int64_t n = sqlite3_column_int64(get, 0);
    db_reset(get);
    return n;
}

TEST(a_grant_that_does_not_open_is_not_kept_and_so_not_tried_again) {
    struct scene s;
    struct forge forge;
    struct admitted admitted;
    struct buffer run = {0};
    struct arena arena;
    struct declaration epoch;
    scene_open(&s);
    arena_init(&arena, KIB(64));
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma", NULL);
    sync_all(&s.f);
    struct feed_info feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct reader readers[2] = {{s.birk->member, s.birk->keys.public.seal},
                                {s.school->member, s.school->keys.public.seal}};
    assert_ok(epoch_make(&feed.channel_id, 9, readers, 2, &arena, &epoch));
    struct grant grants[2] = {epoch.epoch.grants[0], epoch.epoch.grants[1]};
    const struct grant good = grants[1];
    epoch.epoch.grants = grants;
    forge_begin(&forge, s.birk, &feed);
    for (uint8_t i = 0; i < 3; i++) {
        grants[1] = good;
        grants[1].sealed[70] ^= (uint8_t)(i + 1);
        buffer_clear(&run);
        forge_next(&forge);
        forge_declaration(&forge, &epoch);
        forge_sign(&forge, NULL, &run);
        assert_ok(
            admit_run(s.school->store, &s.birk->member, &feed.id, buffer_view(&run), &admitted));
        assert_int_equal(admitted.applied_n, 1);
    }
    assert_int_equal(grants_kept(s.school->store, &s.school->member), 1);
    struct epoch_public newest;
    assert_ok(epoch_newest(s.school->store, &s.channel, &feed.channel_id, &newest));
    assert_memory_not_equal(&newest, &epoch.epoch.public_key, sizeof newest);
    grants[1] = good; /* grants add up */
    buffer_clear(&run);
    forge_next(&forge);
    forge_declaration(&forge, &epoch);
    forge_sign(&forge, NULL, &run);
    assert_ok(admit_run(s.school->store, &s.birk->member, &feed.id, buffer_view(&run), &admitted));
    assert_ok(epoch_newest(s.school->store, &s.channel, &feed.channel_id, &newest));
    assert_memory_equal(&newest, &epoch.epoch.public_key, sizeof newest);
    forge_end(&forge);
    arena_done(&arena);
    buffer_done(&run);
    scene_end(&s);
}

TEST(the_answers_epoch_stands_in_the_roster_with_a_grant_for_recovery) {
    struct scene s;
    struct roster_tip tip;
    struct entries entries = {.n = 0};
    scene_open(&s);
    assert_ok(roster_tip(s.birk->store, &tip));
    assert_ok(feed_entries(s.birk->store, &tip.feed, 1, look, &entries));
    assert_int_equal(entries.declared[0], 1);
    assert_int_equal(entries.grants[0], 2);
    size_t recovery = 0, town = 0;
    for (int i = 0; i < 2; i++) {
        recovery += member_id_is_zero(&entries.granted[0][i]);
        town += member_id_equal(&entries.granted[0][i], &s.town->member);
    }
    assert_int_equal(recovery, 1);
    assert_int_equal(town, 1);
    scene_end(&s);
}

TEST(the_clock_of_answers_shows_the_day_and_no_time) {
    struct scene s;
    struct channel answers = {.kind = CHANNEL_ANSWERS};
    struct buffer answer = {0};
    struct answer_reply reply = {.question = 1, .choice = 2};
    struct version_name written;
    scene_open(&s);
    assert_ok(answer_encode(&reply, 1, &answer));
    struct bytes encoded = buffer_view(&answer);
    struct change_set set = {.actor_name = "", .actor_function = "", .has_answers = true};
    set.answers = (struct answer_batch){.survey = s.record,
                                        .mark = {{1}},
                                        .part = 0,
                                        .parts = 1,
                                        .answers = &encoded,
                                        .answers_n = 1};
    for (int i = 0; i < 2; i++) {
        set.answers.mark.bytes[0]++;
        assert_ok(append_change(s.birk->store,
                                &(struct change){.channel = answers, .sets = &set, .sets_n = 1},
                                &written));
        s.f.now += 3600000;
    }
    struct entries entries = entries_of(s.birk, &answers, s.birk);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(clock_ms(entries.headers[i].clock) % 86400000, 0);
        assert_int_equal(entries.headers[i].seal_seq, i + 1); /* a key of its own each */
    }
    assert_true(entries.headers[1].clock > entries.headers[0].clock);
    sync_all(&s.f);
    struct feed_info at_town = newest_feed(s.town->store, &answers, &s.birk->member);
    assert_int_equal(at_town.head.seq, 2);
    assert_int_equal(at_town.waiting + at_town.voided, 0);
    buffer_done(&answer);
    scene_end(&s);
}

TEST(without_the_municipalitys_epoch_answers_wait_at_their_site) {
    struct scene s;
    struct version_name written;
    scene_open(&s);
    struct change_set set = {.actor_name = "", .actor_function = "", .has_answers = true};
    set.answers = (struct answer_batch){.survey = s.record, .parts = 1};
    struct federation
        other; /* one whose epoch never came: a store with the epoch's rows taken away */
    federation_found(&other);
    struct site *site = federation_join(&other, "Birk", ROLE_KINDERGARTEN);
    site_close(site);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(site->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM epoch", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    site_open(site);
    struct buffer answer = {0};
    struct answer_reply reply = {.question = 1, .choice = 2};
    assert_ok(answer_encode(&reply, 1, &answer));
    struct bytes encoded = buffer_view(&answer);
    set.answers.answers = &encoded;
    set.answers.answers_n = 1;
    assert_err(ERR_KEY,
               append_change(site->store,
                             &(struct change){
                                 .channel = {.kind = CHANNEL_ANSWERS}, .sets = &set, .sets_n = 1},
                             &written));
    assert_int_equal(
        count_feeds(site->store, &(struct channel){.kind = CHANNEL_ANSWERS}, &site->member), 0);
    buffer_done(&answer);
    federation_end(&other);
    scene_end(&s);
}

/* The n-th, the same each time. */
static void make_key(unsigned n, struct channel_id *channel, struct epoch_public *epoch,
                     struct epoch_secret *secret) {
    struct hash hash = hash_of(HASH_STORE, &n, sizeof n);
    memcpy(channel->bytes, hash.bytes, sizeof channel->bytes);
    memcpy(epoch->bytes, hash.bytes, sizeof epoch->bytes);
    channel->bytes[0] = 0; /* few channels, many epochs */
    memset(channel->bytes + 1, (int)(n % 3), sizeof channel->bytes - 1);
    memcpy(secret->bytes, &n, sizeof n);
}

static bool ring_has(struct key_ring *ring, unsigned n) {
    struct channel_id channel;
    struct epoch_public epoch;
    struct epoch_secret secret = {{0}};
    make_key(n, &channel, &epoch, &secret);
    const struct epoch_secret *found = key_ring_find(ring, &channel, &epoch);
    if (found == NULL)
        return false;
    assert_memory_equal(found->bytes, secret.bytes, sizeof secret.bytes);
    channel.bytes[0] = 1;
    assert_null(key_ring_find(ring, &channel, &epoch));
    return true;
}

TEST(the_secrets_that_are_kept_open_are_found_and_never_more_than_so_many) {
    struct key_ring *ring = key_ring_new();
    assert_non_null(ring);
    assert_false(ring_has(ring, 0));
    for (unsigned n = 0; n < KEY_RING_MAX + 100; n++) {
        struct channel_id channel;
        struct epoch_public epoch;
        struct epoch_secret secret = {{0}};
        make_key(n, &channel, &epoch, &secret);
        assert_ok(key_ring_add(ring, &channel, &epoch, &secret));
        assert_true(key_ring_n(ring) <= KEY_RING_MAX);
        assert_true(ring_has(ring, n));
        assert_false(ring_has(ring, n + 1));
        if (n == KEY_RING_MAX - 1)
            for (unsigned i = 0; i <= n; i++)
                assert_true(ring_has(ring, i));
    }
    assert_int_equal(key_ring_n(ring), 100);
    assert_false(ring_has(ring, 0)); /* it is opened again when it is asked for */
    key_ring_free(ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_first_write_of_a_handover_declares_its_epoch_for_both_parties_and_nobody_else),
        cmocka_unit_test(the_other_party_goes_on_with_the_epoch_that_is_there),
        cmocka_unit_test(epochs_declared_while_apart_are_settled_the_same_way_by_both),
        cmocka_unit_test(a_content_key_serves_a_thousand_envelopes_and_no_more),
        cmocka_unit_test(a_key_in_hand_is_forgotten_with_the_node),
        cmocka_unit_test(an_epoch_whose_grant_does_not_yield_it_is_not_used_and_an_incident_raised),
        cmocka_unit_test(a_grant_that_does_not_open_is_not_kept_and_so_not_tried_again),
        cmocka_unit_test(the_answers_epoch_stands_in_the_roster_with_a_grant_for_recovery),
        cmocka_unit_test(the_clock_of_answers_shows_the_day_and_no_time),
        cmocka_unit_test(without_the_municipalitys_epoch_answers_wait_at_their_site),
        cmocka_unit_test(the_secrets_that_are_kept_open_are_found_and_never_more_than_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
