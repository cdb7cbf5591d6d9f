#include "federation.h"
#include "forge.h"
#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Four sites, a handover channel between the kindergarten and the school, one write in it that all
 * have. */
struct scene {
    struct federation f;
    struct site *town, *birk, *school, *relay;
    struct channel channel;
    struct record_id record;
    struct feed_info feed; /* Birk's */
    struct forge forge;
    struct buffer run;
};

static void scene_begin(struct scene *s) {
    memset(s, 0, sizeof *s);
    federation_found_four(&s->f);
    s->town = &s->f.sites[0];
    s->birk = &s->f.sites[1];
    s->school = &s->f.sites[2];
    s->relay = &s->f.sites[3];
    s->channel = channel_between(s->birk, s->school);
    s->record = record_of(s->birk);
    write_field(s->birk, &s->channel, &s->record, HANDOVER_CHILD_NAME, "Alma", NULL);
    sync_all(&s->f);
    s->feed = newest_feed(s->birk->store, &s->channel, &s->birk->member);
    forge_begin(&s->forge, s->birk, &s->feed);
}

static void scene_end(struct scene *s) {
    forge_end(&s->forge);
    buffer_done(&s->run);
    federation_end(&s->f);
}

static enum err offer(struct scene *s, struct site *to, struct admitted *ret_admitted) {
    return admit_run(to->store, &s->town->member, &s->feed.id, buffer_view(&s->run), ret_admitted);
}

struct shown {
    enum quarantine_kind kind;
    size_t n;
    enum err reason;
    uint64_t seq;
    char text[200];
};

static enum err show(void *context, const struct quarantined *thing) {
    struct shown *shown = context;
    if (thing->kind != shown->kind)
        return OK;
    shown->n++;
    shown->reason = thing->reason;
    shown->seq = thing->seq;
    strncpy(shown->text, thing->text, sizeof shown->text - 1);
    return OK;
}

static struct shown shown_at(struct site *site, enum quarantine_kind kind) {
    struct shown shown = {.kind = kind};
    MUST(quarantine_each(site->store, show, &shown));
    return shown;
}

/* Ends the forged envelope, offers it, and finds it void for this reason, with a sentence. */
static void assert_void(struct scene *s, struct site *to, enum err reason) {
    struct admitted admitted;
    forge_sign(&s->forge, NULL, &s->run);
    assert_ok(offer(s, to, &admitted));
    assert_int_equal(admitted.new_n, 1);
    assert_int_equal(admitted.void_n, 1);
    struct shown shown = shown_at(to, QUARANTINE_VOID);
    assert_string_equal(err_name(shown.reason), err_name(reason));
    assert_int_equal(shown.seq, s->forge.head.seq);
    assert_true(strlen(shown.text) > 0);
}

TEST(a_handover_reaches_the_other_party_and_stays_sealed_on_the_way) {
    struct scene s;
    scene_begin(&s);
    struct arena arena;
    struct record loaded;
    arena_init(&arena, KIB(64));
    assert_err(ERR_NOT_FOUND,
               record_load(s.town->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_err(ERR_NOT_FOUND,
               record_load(s.relay->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_ok(record_load(s.school->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_string_equal(record_text_of(&loaded, HANDOVER_CHILD_NAME, &arena), "Alma");
    arena_done(&arena);
    struct feed_info at_town = newest_feed(s.town->store, &s.channel, &s.birk->member);
    assert_int_equal(at_town.waiting + at_town.voided, 0);
    scene_end(&s);
}

TEST(another_kindergarten_refuses_a_feed_that_it_may_not_hold) {
    struct scene s;
    scene_begin(&s);
    struct site *other = federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    struct admitted admitted;
    assert_ok(feed_load(s.town->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_DENIED, offer(&s, other, &admitted));
    struct feed_info info;
    assert_err(ERR_NOT_FOUND, feed_find(other->store, &s.feed.id, &info));
    struct shown shown = shown_at(other, QUARANTINE_REFUSED);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.reason, ERR_DENIED);
    scene_end(&s);
}

TEST(a_run_that_is_here_already_changes_nothing) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    struct hash before, after;
    assert_ok(store_digest(s.school->store, &before));
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.new_n, 0);
    assert_ok(store_digest(s.school->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    scene_end(&s);
}

TEST(of_an_overlapping_run_only_what_is_new_is_stored) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    for (int i = 0; i < 3; i++)
        write_field(s.birk, &s.channel, &s.record, (uint16_t)(10 + i), "gynge", NULL);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.new_n, 3);
    assert_int_equal(admitted.applied_n, 3);
    assert_int_equal(admitted.feed.head.seq, 4);
    scene_end(&s);
}

TEST(a_run_beyond_a_gap_is_refused_and_the_head_stays) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    struct feed_info now = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct id8 id8;
    struct buffer second = {0};
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, (id8 = envelope_id8(&s.feed.head.id), &id8),
                        1, &second));
    struct envelope envelope;
    struct arena arena;
    size_t size;
    arena_init(&arena, KIB(64));
    assert_ok(envelope_parse(buffer_view(&second), &arena, &envelope, &size));
    id8 = envelope_id8(&envelope.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 2, &id8, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_CHAIN, offer(&s, s.school, &admitted));
    struct feed_info at_school = newest_feed(s.school->store, &s.channel, &s.birk->member);
    assert_int_equal(at_school.head.seq, 1);
    assert_int_equal(now.head.seq, 3);
    arena_done(&arena);
    buffer_done(&second);
    scene_end(&s);
}

TEST(a_forged_signature_is_refused_whole_and_quarantined) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    s.run.data[HEADER_SIZE + 5] ^= 1;
    assert_err(ERR_SIGNATURE, offer(&s, s.school, &admitted));
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 1);
    struct shown shown = shown_at(s.school, QUARANTINE_REFUSED);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.reason, ERR_SIGNATURE);
    assert_int_equal(shown.seq, 2);
    scene_end(&s);
}

TEST(a_bad_signature_in_the_middle_is_covered_by_the_chain) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    forge_next(&s.forge);
    forge_sign(&s.forge, &s.school->keys.sign, &s.run);
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 2);
    scene_end(&s);
}

TEST(a_changed_body_is_refused) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    s.run.data[s.run.size - 1] ^= 1;
    assert_err(ERR_HASH, offer(&s, s.school, &admitted));
    scene_end(&s);
}

/* As a relay could: all sections of every envelope, or all but the first `keep`, in this state. */
static void strip(struct bytes run, uint16_t keep, enum section_state state, struct buffer *out) {
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    while (run.size > 0) {
        struct envelope envelope;
        struct buffer bytes = {0};
        size_t size, n;
        MUST(envelope_parse(run, &arena, &envelope, &size));
        MUST(buffer_append(&bytes, run.data, size));
        for (uint16_t i = keep; i < envelope.header.sections_n; i++) {
            struct envelope before;
            struct buffer less = {0};
            MUST(envelope_parse(buffer_view(&bytes), &arena, &before, &n));
            MUST(envelope_without(&before, i, state, &less));
            buffer_done(&bytes);
            bytes = less;
        }
        MUST(buffer_append(out, bytes.data, bytes.size));
        buffer_done(&bytes);
        run.data += size;
        run.size -= size;
    }
    arena_done(&arena);
}

TEST(a_run_from_which_sections_were_taken_is_refused_and_the_whole_one_taken_from_another) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    struct hash here, there;
    struct buffer whole = {0};
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &whole));
    static const enum section_state states[] = {SECTION_ABSENT, SECTION_ERASED};
    for (size_t i = 0; i < 2; i++) {
        buffer_clear(&s.run);
        strip(buffer_view(&whole), 0, states[i], &s.run);
        assert_err(ERR_HASH, offer(&s, s.school, &admitted));
        assert_err(ERR_HASH, offer(&s, s.relay, &admitted));
    }
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 1);
    struct shown shown = shown_at(s.school, QUARANTINE_REFUSED);
    assert_int_equal(shown.seq, 2);
    assert_string_equal(shown.text, "a section was taken out on its way");
    assert_ok(
        admit_run(s.school->store, &s.birk->member, &s.feed.id, buffer_view(&whole), &admitted));
    assert_int_equal(admitted.applied_n, 1);
    assert_ok(store_digest(s.school->store, &here));
    assert_ok(store_digest(s.birk->store, &there));
    assert_memory_equal(&here, &there, sizeof here);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(a_birth_whose_other_sections_were_taken_leaves_no_feed) {
    struct scene s;
    struct buffer whole = {0};
    struct admitted admitted;
    struct feed_info info;
    scene_begin(&s);
    struct site *other = federation_join(&s.f, "Skovskolen", ROLE_SCHOOL);
    s.channel = channel_between(s.birk, other);
    sync_all(&s.f);
    struct record_id record = record_of(s.birk);
    write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &whole));
    strip(buffer_view(&whole), 1, SECTION_ABSENT, &s.run);
    assert_err(ERR_HASH, offer(&s, s.town, &admitted));
    assert_err(ERR_NOT_FOUND, feed_find(s.town->store, &s.feed.id, &info));
    sync_all(&s.f);
    assert_ok(feed_find(other->store, &s.feed.id, &info));
    assert_int_equal(info.waiting, 0);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(a_roster_from_which_sections_were_taken_does_not_stop_the_roster) {
    struct scene s;
    struct buffer whole = {0};
    struct admitted admitted;
    struct roster_tip here, there;
    scene_begin(&s);
    assert_ok(roster_tip(s.school->store, &here));
    s.feed.id = here.feed;
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    assert_ok(feed_load(s.town->store, &here.feed, here.seq, &here.id8, RUN_SIZE_MAX, &whole));
    strip(buffer_view(&whole), 0, SECTION_ABSENT, &s.run);
    assert_err(ERR_HASH, offer(&s, s.school, &admitted));
    sync_feeds(s.town, s.school);
    assert_ok(roster_tip(s.school->store, &here));
    assert_ok(roster_tip(s.town->store, &there));
    assert_int_equal(here.seq, there.seq);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(what_is_stored_one_by_one_is_stored_as_a_run_whatever_its_sections) {
    struct scene s;
    struct admitted admitted;
    scene_begin(&s);
    struct buffer served = {0};
    for (int i = 0; i < 105; i++) {
        buffer_clear(&s.run);
        forge_next(&s.forge);
        for (int k = 0; k < SECTIONS_MAX; k++)
            forge_plain(&s.forge, SECTION_DECLARATION, (struct bytes){0});
        forge_sign(&s.forge, NULL, &s.run);
        assert_ok(offer(&s, s.town, &admitted));
    }
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.town->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &served));
    assert_ok(
        admit_run(s.school->store, &s.town->member, &s.feed.id, buffer_view(&served), &admitted));
    assert_int_equal(admitted.new_n, 105);
    buffer_done(&served);
    scene_end(&s);
}

TEST(a_feed_of_another_federation_is_refused) {
    struct scene s;
    struct federation other;
    scene_begin(&s);
    federation_found_four(&other);
    struct admitted admitted;
    struct channel channel = channel_between(&other.sites[1], &other.sites[2]);
    struct record_id record = record_of(&other.sites[1]);
    write_field(&other.sites[1], &channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(other.sites[1].store, &channel, &other.sites[1].member);
    assert_ok(feed_load(other.sites[1].store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_FEDERATION, offer(&s, s.town, &admitted));
    assert_int_equal(shown_at(s.town, QUARANTINE_REFUSED).reason, ERR_FEDERATION);
    federation_end(&other);
    scene_end(&s);
}

TEST(a_birth_that_does_not_yield_the_feed_is_refused) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    s.feed.id.bytes[0] ^= 1;
    assert_err(ERR_HASH, offer(&s, s.town, &admitted));
    scene_end(&s);
}

TEST(an_author_that_the_roster_does_not_name_yet_is_asked_for_again) {
    struct scene s;
    scene_begin(&s);
    struct site *late = federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    struct channel channel = channel_between(late, s.school);
    struct record_id record = record_of(late);
    write_field(late, &channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(late->store, &channel, &late->member);
    struct admitted admitted;
    assert_ok(feed_load(late->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_ROSTER, offer(&s, s.school, &admitted));
    sync_feeds(s.town, s.school);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 1);
    scene_end(&s);
}

TEST(an_entry_that_names_a_newer_roster_waits_until_the_roster_has_come) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    sync_feeds(s.town, s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_ROSTER);
    sync_feeds(s.town, s.school);
    struct feed_info info;
    assert_ok(feed_find(s.school->store, &s.feed.id, &info));
    assert_int_equal(info.waiting, 0);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).n, 0);
    struct hash here, there;
    sync_all(&s.f);
    assert_ok(store_digest(s.school->store, &here));
    assert_ok(store_digest(s.birk->store, &there));
    assert_memory_equal(&here, &there, sizeof here);
    scene_end(&s);
}

TEST(an_entry_of_a_newer_schema_waits_and_is_passed_on) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    forge_next(&s.forge);
    s.forge.draft.header.schema = 2;
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.town, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(sync_feeds(s.town, s.school), 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_SCHEMA);
    site_close(s.school); /* judged again when opened, by a program that may know more */
    site_open(s.school);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).n, 1);
    scene_end(&s);
}

TEST(a_late_key_lets_waiting_entries_apply_and_none_stops_those_behind_it) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    struct declaration declaration;
    struct epoch_public old = forge_epoch(s.birk->store, &s.feed.id);
    struct epoch_secret secret;
    struct epoch_public fresh;
    struct grant grants[2] = {{.member = s.birk->member}, {.member = s.school->member}};
    struct buffer plain = {0};
    assert_ok(epoch_new(&fresh, &secret));
    assert_ok(grant_seal(&secret, &s.birk->keys.public.seal, grants[0].sealed));
    assert_ok(grant_seal(&secret, &s.school->keys.public.seal, grants[1].sealed));
    forge_set(&s.record, 10, "gynge", &plain);
    forge_next(&s.forge);
    forge_seal(&s.forge, &fresh);
    forge_sealed(&s.forge, buffer_view(&plain));
    forge_sign(&s.forge, NULL, &s.run);
    buffer_clear(&plain);
    forge_set(&s.record, 11, "tegne", &plain);
    forge_next(&s.forge);
    forge_seal(&s.forge, &old);
    forge_sealed(&s.forge, buffer_view(&plain));
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(admitted.applied_n, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_KEY);
    declaration.kind = DECLARATION_EPOCH;
    declaration.epoch = (struct epoch_declaration){.channel = s.feed.channel_id,
                                                   .number = 2,
                                                   .public_key = fresh,
                                                   .grants = grants,
                                                   .grants_n = 2};
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.feed.waiting, 0);
    struct arena arena;
    struct record loaded;
    arena_init(&arena, KIB(64));
    assert_ok(record_load(s.school->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_string_equal(record_text_of(&loaded, 10, &arena), "gynge");
    assert_string_equal(record_text_of(&loaded, 11, &arena), "tegne");
    arena_done(&arena);
    buffer_done(&plain);
    scene_end(&s);
}

TEST(a_roster_tip_that_goes_back_makes_an_entry_void) {
    struct scene s;
    scene_begin(&s);
    struct envelope_id first;
    struct roster_tip tip;
    assert_ok(roster_tip(s.birk->store, &tip));
    struct buffer run = {0};
    struct arena arena;
    struct envelope envelope;
    size_t size;
    arena_init(&arena, KIB(64));
    assert_ok(feed_load(s.town->store, &tip.feed, 0, NULL, 1, &run));
    assert_ok(envelope_parse(buffer_view(&run), &arena, &envelope, &size));
    first = envelope.id;
    forge_next(&s.forge);
    s.forge.draft.header.roster_seq = 1;
    s.forge.draft.header.roster_id8 = envelope_id8(&first);
    assert_void(&s, s.school, ERR_CHAIN);
    arena_done(&arena);
    buffer_done(&run);
    scene_end(&s);
}

TEST(a_roster_entry_that_is_not_in_the_roster_makes_an_entry_void) {
    struct scene s;
    scene_begin(&s);
    forge_next(&s.forge);
    s.forge.draft.header.roster_id8.bytes[0] ^= 1;
    assert_void(&s, s.town, ERR_ROSTER);
    scene_end(&s);
}

static void set_status(struct site *town, const struct member_id *member,
                       enum member_status status) {
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    struct version_name written;
    struct arena arena;
    arena_init(&arena, KIB(64));
    MUST(roster_member(town->store, member, UINT64_MAX, &arena, &declaration.entry));
    declaration.entry.counter++;
    declaration.entry.status = status;
    MUST(append_change(town->store,
                       &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                        .declarations = &declaration,
                                        .declarations_n = 1},
                       &written));
    arena_done(&arena);
}

TEST(an_author_suspended_at_the_tip_it_names_is_void_and_before_it_waits_until_it_is_active) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    set_status(s.town, &s.birk->member, MEMBER_SUSPENDED);
    sync_feeds(s.town, s.school);
    struct buffer plain = {0};
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_set(&s.record, 10, "gynge", &plain);
    forge_next(&s.forge); /* Birk has not heard of it yet */
    forge_seal(&s.forge, &epoch);
    forge_sealed(&s.forge, buffer_view(&plain));
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_DENIED);
    buffer_clear(&s.run);
    forge_next(&s.forge);
    struct roster_tip tip;
    assert_ok(roster_tip(s.town->store, &tip));
    s.forge.draft.header.roster_seq = tip.seq;
    s.forge.draft.header.roster_id8 = tip.id8;
    assert_void(&s, s.school, ERR_DENIED);
    set_status(s.town, &s.birk->member, MEMBER_ACTIVE);
    sync_feeds(s.town, s.school);
    struct feed_info info;
    assert_ok(feed_find(s.school->store, &s.feed.id, &info));
    assert_int_equal(info.waiting, 0);
    assert_int_equal(info.voided, 1);
    buffer_done(&plain);
    scene_end(&s);
}

TEST(once_its_removal_is_known_no_feed_of_an_author_is_born_here) {
    struct scene s;
    struct admitted admitted;
    struct feed_info info;
    scene_begin(&s);
    set_status(s.town, &s.birk->member, MEMBER_REMOVED);
    struct declaration birth = {.kind = DECLARATION_BIRTH};
    birth.birth = (struct birth){.federation = s.f.id,
                                 .channel = s.channel,
                                 .author = s.birk->member,
                                 .incarnation = incarnation_new(s.f.now)};
    s.feed = (struct feed_info){
        .id = feed_id_of(&s.f.id, &s.feed.channel_id, &s.birk->member, &birth.birth.incarnation)};
    forge_begin(&s.forge, s.birk, &s.feed); /* which names an older roster entry */
    forge_next(&s.forge);
    forge_declaration(&s.forge, &birth);
    forge_sign(&s.forge, NULL, &s.run);
    assert_err(ERR_DENIED, offer(&s, s.town, &admitted));
    assert_err(ERR_NOT_FOUND, feed_find(s.town->store, &s.feed.id, &info));
    assert_ok(offer(&s, s.relay, &admitted)); /* has not heard of it */
    scene_end(&s);
}

/* A void envelope that brings a seal block and declares its epoch, and one that goes on with it. */
static void forge_on_a_void_one(struct scene *s, struct arena *arena, struct buffer *ret_first,
                                struct buffer *ret_second) {
    struct declaration epoch;
    struct reader readers[2] = {{s->birk->member, s->birk->keys.public.seal},
                                {s->school->member, s->school->keys.public.seal}};
    struct buffer plain = {0};
    struct forge *forge = &s->forge;
    MUST(epoch_make(&s->feed.channel_id, 7, readers, 2, arena, &epoch));
    forge_next(forge);
    forge_seal(forge, &epoch.epoch.public_key);
    struct content_key key = forge->draft.key;
    uint64_t seal_seq = forge->draft.header.seq;
    forge_declaration(forge, &epoch);
    forge_set(&s->record, HANDOVER_CHILD_NAME + 1, "no date", &plain);
    forge_sealed(forge, buffer_view(&plain));
    forge_sign(forge, NULL, ret_first);
    forge_next(forge);
    forge->draft.header.seal_seq = seal_seq;
    forge->draft.key = key;
    buffer_clear(&plain);
    forge_set(&s->record, 10, "gynge", &plain);
    forge_sealed(forge, buffer_view(&plain));
    forge_sign(forge, NULL, ret_second);
    /* The epoch once more, in an envelope that counts. */
    forge_next(forge);
    forge_declaration(forge, &epoch);
    forge_sign(forge, NULL, &s->run);
    buffer_done(&plain);
}

TEST(what_a_void_entry_declares_never_counts_whether_a_restart_comes_between_or_not) {
    for (int together = 0; together < 2; together++) {
        struct scene s;
        struct admitted admitted;
        struct buffer first = {0}, second = {0};
        struct arena arena;
        scene_begin(&s);
        arena_init(&arena, KIB(256));
        forge_on_a_void_one(&s, &arena, &first, &second);
        if (together == 1)
            assert_ok(buffer_append(&first, second.data, second.size));
        assert_ok(admit_run(s.school->store, &s.town->member, &s.feed.id, buffer_view(&first),
                            &admitted));
        assert_int_equal(admitted.void_n, 1);
        if (together == 0) {
            site_close(s.school);
            site_open(s.school);
            assert_ok(admit_run(s.school->store, &s.town->member, &s.feed.id, buffer_view(&second),
                                &admitted));
        }
        assert_int_equal(admitted.waiting_n, 1);
        assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_KEY);
        assert_ok(offer(&s, s.school, &admitted));
        assert_int_equal(admitted.feed.waiting, 0);
        assert_int_equal(admitted.feed.voided, 1);
        arena_done(&arena);
        buffer_done(&first);
        buffer_done(&second);
        scene_end(&s);
    }
}

TEST(a_section_that_its_key_does_not_open_makes_an_entry_void) {
    struct scene s;
    scene_begin(&s);
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    s.forge.draft.key.bytes[0] ^= 1;
    forge_sealed(&s.forge, bytes_of_text("anything"));
    assert_void(&s, s.school, ERR_SEAL);
    scene_end(&s);
}

TEST(a_seal_block_against_its_commitment_makes_an_entry_void) {
    struct scene s;
    scene_begin(&s);
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    s.forge.draft.seal.commitment.bytes[0] ^= 1;
    forge_sealed(&s.forge, bytes_of_text("anything"));
    assert_void(&s, s.school, ERR_SEAL);
    scene_end(&s);
}

TEST(a_change_set_that_can_not_be_decoded_is_void_for_its_readers_alone) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    forge_sealed(&s.forge, bytes_of_text("\xff\xff\xff no change set"));
    assert_void(&s, s.school, ERR_FORMAT);
    assert_ok(offer(&s, s.town, &admitted));
    assert_int_equal(admitted.applied_n, 1);
    scene_end(&s);
}

TEST(a_field_that_its_writer_may_not_write_makes_an_entry_void) {
    struct scene s;
    scene_begin(&s);
    struct buffer plain = {0};
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_set(&s.record, 40, "Ole", &plain); /* the school's field */
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    forge_sealed(&s.forge, buffer_view(&plain));
    assert_void(&s, s.school, ERR_DENIED);
    buffer_done(&plain);
    scene_end(&s);
}

TEST(an_open_section_in_a_sealed_channel_is_void_for_relays_too) {
    struct scene s;
    scene_begin(&s);
    struct buffer plain = {0};
    forge_set(&s.record, 10, "gynge", &plain);
    forge_next(&s.forge);
    forge_plain(&s.forge, SECTION_OPEN, buffer_view(&plain));
    assert_void(&s, s.relay, ERR_FORMAT);
    buffer_done(&plain);
    scene_end(&s);
}

TEST(a_second_birth_a_foreign_roster_entry_and_a_foreign_epoch_are_void) {
    struct scene s;
    scene_begin(&s);
    struct arena arena;
    struct declaration declaration = {.kind = DECLARATION_BIRTH};
    arena_init(&arena, KIB(64));
    declaration.birth = (struct birth){.federation = s.f.id,
                                       .channel = s.channel,
                                       .author = s.birk->member,
                                       .incarnation = s.feed.incarnation};
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    assert_void(&s, s.relay, ERR_FORMAT);
    declaration.kind = DECLARATION_ENTRY;
    assert_ok(
        roster_member(s.birk->store, &s.birk->member, UINT64_MAX, &arena, &declaration.entry));
    declaration.entry.counter = 9;
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    assert_void(&s, s.relay, ERR_DENIED);
    declaration.kind = DECLARATION_EPOCH;
    declaration.epoch =
        (struct epoch_declaration){.channel = {{7}}, .number = 2, .public_key = {{9}}};
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    assert_void(&s, s.relay, ERR_DENIED);
    assert_int_equal(newest_feed(s.relay->store, &s.channel, &s.birk->member).voided, 3);
    arena_done(&arena);
    scene_end(&s);
}

TEST(an_epoch_granted_twice_or_to_one_who_does_not_read_is_void_for_relays_too) {
    struct scene s;
    struct grant grants[3];
    memset(grants, 0, sizeof grants);
    scene_begin(&s);
    const struct member_id recovery = {{0}};
    const struct member_id *thirds[] = {&s.town->member, &recovery, &s.school->member,
                                        &s.birk->member};
    grants[0].member = s.birk->member;
    grants[1].member = s.school->member;
    for (size_t i = 0; i < 4; i++) {
        struct declaration declaration = {.kind = DECLARATION_EPOCH};
        declaration.epoch = (struct epoch_declaration){.channel = s.feed.channel_id,
                                                       .number = 9,
                                                       .public_key = {{9}},
                                                       .grants = grants,
                                                       .grants_n = 3};
        grants[2].member = *thirds[i];
        buffer_clear(&s.run);
        forge_next(&s.forge);
        forge_declaration(&s.forge, &declaration);
        assert_void(&s, s.relay, i < 2 ? ERR_DENIED : ERR_FORMAT);
    }
    scene_end(&s);
}

TEST(a_fork_is_proved_and_the_branch_that_came_first_stays) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.school);
    struct feed_info before = newest_feed(s.school->store, &s.channel, &s.birk->member), after;
    forge_next(&s.forge); /* number 2 once more */
    forge_sign(&s.forge, NULL, &s.run);
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    assert_err(ERR_FORK, offer(&s, s.school, &admitted));
    assert_ok(feed_find(s.school->store, &s.feed.id, &after));
    assert_true(after.forked);
    assert_memory_equal(&before.head, &after.head, sizeof before.head);
    struct shown shown = shown_at(s.school, QUARANTINE_FORK);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.seq, 2);
    assert_err(ERR_FORK, offer(&s, s.school, &admitted)); /* kept once */
    assert_int_equal(shown_at(s.school, QUARANTINE_FORK).n, 1);
    scene_end(&s);
}

TEST(an_own_feed_that_was_forked_is_left_for_a_new_incarnation) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    forge_next(&s.forge); /* a clone of Birk has written number 2 as well */
    forge_sign(&s.forge, NULL, &s.run);
    assert_err(ERR_FORK, offer(&s, s.birk, &admitted));
    struct version_name written = write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_false(feed_id_equal(&written.feed, &s.feed.id));
    assert_int_equal(count_feeds(s.birk->store, &s.channel, &s.birk->member), 2);
    scene_end(&s);
}

TEST(a_proof_of_a_fork_is_taken_only_when_it_proves_one) {
    struct scene s;
    scene_begin(&s);
    struct buffer other = {0};
    struct feed_info info;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    s.forge.head = s.feed.head;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &other);
    assert_err(ERR_ARGUMENT, admit_proof(s.town->store, &s.feed.id, s.run.data, s.run.data));
    other.data[HEADER_SIZE] ^= 1;
    assert_err(ERR_SIGNATURE, admit_proof(s.town->store, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_false(info.forked);
    other.data[HEADER_SIZE] ^= 1;
    assert_ok(admit_proof(s.town->store, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_true(info.forked);
    buffer_done(&other);
    scene_end(&s);
}

TEST(one_bad_run_of_a_transaction_does_not_undo_the_others) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    struct buffer bad = {0};
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(store_begin(s.school->store));
    assert_ok(offer(&s, s.school, &admitted));
    forge_begin(&s.forge, s.birk, &admitted.feed);
    forge_next(&s.forge);
    forge_sign(&s.forge, &s.school->keys.sign, &bad);
    assert_err(ERR_SIGNATURE, admit_run(s.school->store, &s.town->member, &s.feed.id,
                                        buffer_view(&bad), &admitted));
    assert_ok(store_commit(s.school->store));
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 2);
    assert_int_equal(shown_at(s.school, QUARANTINE_REFUSED).n, 1);
    buffer_done(&bad);
    scene_end(&s);
}

TEST(a_disk_that_is_full_stores_nothing_of_a_run_and_takes_it_later) {
    struct scene s;
    struct admitted admitted;
    struct rlimit limit, full;
    struct stat status;
    struct hash before, after;
    char wal[400];
    scene_begin(&s);
    for (int i = 0; i < 30; i++) {
        struct record_id record = record_of(s.birk);
        write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    }
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(store_digest(s.school->store, &before));
    snprintf(wal, sizeof wal, "%s-wal", s.school->path);
    assert_int_equal(stat(wal, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    full = limit;
    full.rlim_cur = (rlim_t)status.st_size + 8192;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    enum err e = offer(&s, s.school, &admitted);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(e == ERR_DISK_FULL || e == ERR_IO);
    assert_ok(store_digest(s.school->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 30);
    scene_end(&s);
}

TEST(rubbish_is_refused) {
    struct scene s;
    scene_begin(&s);
    struct admitted admitted;
    uint8_t *start;
    assert_ok(buffer_extend(&s.run, 4000, &start));
    memset(start, 0xa5, 4000);
    assert_int_not_equal(offer(&s, s.school, &admitted), OK);
    s.run.size = 0;
    assert_ok(offer(&s, s.school, &admitted)); /* nothing new */
    assert_int_equal(admitted.new_n, 0);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handover_reaches_the_other_party_and_stays_sealed_on_the_way),
        cmocka_unit_test(another_kindergarten_refuses_a_feed_that_it_may_not_hold),
        cmocka_unit_test(a_run_that_is_here_already_changes_nothing),
        cmocka_unit_test(of_an_overlapping_run_only_what_is_new_is_stored),
        cmocka_unit_test(a_run_beyond_a_gap_is_refused_and_the_head_stays),
        cmocka_unit_test(a_forged_signature_is_refused_whole_and_quarantined),
        cmocka_unit_test(a_bad_signature_in_the_middle_is_covered_by_the_chain),
        cmocka_unit_test(a_changed_body_is_refused),
        cmocka_unit_test(
            a_run_from_which_sections_were_taken_is_refused_and_the_whole_one_taken_from_another),
        cmocka_unit_test(a_birth_whose_other_sections_were_taken_leaves_no_feed),
        cmocka_unit_test(a_roster_from_which_sections_were_taken_does_not_stop_the_roster),
        cmocka_unit_test(what_is_stored_one_by_one_is_stored_as_a_run_whatever_its_sections),
        cmocka_unit_test(a_feed_of_another_federation_is_refused),
        cmocka_unit_test(a_birth_that_does_not_yield_the_feed_is_refused),
        cmocka_unit_test(an_author_that_the_roster_does_not_name_yet_is_asked_for_again),
        cmocka_unit_test(an_entry_that_names_a_newer_roster_waits_until_the_roster_has_come),
        cmocka_unit_test(an_entry_of_a_newer_schema_waits_and_is_passed_on),
        cmocka_unit_test(a_late_key_lets_waiting_entries_apply_and_none_stops_those_behind_it),
        cmocka_unit_test(a_roster_tip_that_goes_back_makes_an_entry_void),
        cmocka_unit_test(a_roster_entry_that_is_not_in_the_roster_makes_an_entry_void),
        cmocka_unit_test(
            an_author_suspended_at_the_tip_it_names_is_void_and_before_it_waits_until_it_is_active),
        cmocka_unit_test(once_its_removal_is_known_no_feed_of_an_author_is_born_here),
        cmocka_unit_test(
            what_a_void_entry_declares_never_counts_whether_a_restart_comes_between_or_not),
        cmocka_unit_test(a_section_that_its_key_does_not_open_makes_an_entry_void),
        cmocka_unit_test(a_seal_block_against_its_commitment_makes_an_entry_void),
        cmocka_unit_test(a_change_set_that_can_not_be_decoded_is_void_for_its_readers_alone),
        cmocka_unit_test(a_field_that_its_writer_may_not_write_makes_an_entry_void),
        cmocka_unit_test(an_open_section_in_a_sealed_channel_is_void_for_relays_too),
        cmocka_unit_test(a_second_birth_a_foreign_roster_entry_and_a_foreign_epoch_are_void),
        cmocka_unit_test(an_epoch_granted_twice_or_to_one_who_does_not_read_is_void_for_relays_too),
        cmocka_unit_test(a_fork_is_proved_and_the_branch_that_came_first_stays),
        cmocka_unit_test(an_own_feed_that_was_forked_is_left_for_a_new_incarnation),
        cmocka_unit_test(a_proof_of_a_fork_is_taken_only_when_it_proves_one),
        cmocka_unit_test(one_bad_run_of_a_transaction_does_not_undo_the_others),
        cmocka_unit_test(a_disk_that_is_full_stores_nothing_of_a_run_and_takes_it_later),
        cmocka_unit_test(rubbish_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
