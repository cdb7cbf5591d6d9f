/* Entries that are stored and never count, each for its reason. */
#include "offer.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "test.h"

TEST(a_roster_tip_that_goes_back_makes_an_entry_void) {
    struct scene s;
    offer_begin(&s);
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

/* One more entry in the town's notices, which gives the survey a title. */
static struct admitted retitle(struct scene *s, const struct record_id *survey, const char *title,
                               uint64_t clock) {
    struct buffer bytes = {0};
    struct write write = {.record = *survey,
                          .collection = COLLECTION_SURVEY,
                          .field = SURVEY_TITLE,
                          .value = bytes_of_text(title)};
    struct change_set set = {
        .actor_name = "Ida", .actor_function = "", .writes = &write, .writes_n = 1};
    struct admitted admitted;
    forge_next(&s->forge);
    if (clock != 0)
        s->forge.draft.header.clock = clock;
    MUST(change_set_encode(&set, &bytes));
    forge_plain(&s->forge, SECTION_OPEN, buffer_view(&bytes));
    buffer_clear(&s->run);
    forge_sign(&s->forge, NULL, &s->run);
    assert_ok(admit_run(s->birk->store, &s->town->member, &s->forge.feed, buffer_view(&s->run),
                        &admitted));
    buffer_done(&bytes);
    return admitted;
}

static void assert_title(struct scene *s, const struct record_id *survey, const char *title) {
    struct arena arena;
    struct record record;
    arena_init(&arena, KIB(256));
    assert_ok(record_load(s->birk->store, COLLECTION_SURVEY, survey, &arena, &record));
    assert_string_equal(record_text_of(&record, SURVEY_TITLE, &arena), title);
    arena_done(&arena);
}

TEST(a_published_survey_stands_whatever_clock_a_later_entry_bears) {
    struct scene s;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct version_name written;
    struct feed_info feed;
    scene_open(&s);
    struct record_id survey = record_of(s.town);
    MUST(try_write(s.town, &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE, "Er I trygge?", NULL,
                   &written));
    sync_all(&s.f);
    MUST(feed_find(s.town->store, &written.feed, &feed));
    forge_begin(&s.forge, s.town, &feed);
    assert_int_equal(retitle(&s, &survey, "Er I utrygge?", 1).void_n, 1);
    assert_int_equal(shown_at(s.birk, QUARANTINE_VOID).reason, ERR_CHAIN);
    assert_int_equal(retitle(&s, &survey, "Er I utrygge?", 2).void_n, 1); /* nor after that one */
    assert_title(&s, &survey, "Er I trygge?");
    assert_int_equal(shown_at(s.birk, QUARANTINE_INCIDENT).n, 0);
    assert_int_equal(retitle(&s, &survey, "Er I trygge?", 0).applied_n, 1);
    assert_int_equal(shown_at(s.birk, QUARANTINE_INCIDENT).n, 0);
    assert_int_equal(retitle(&s, &survey, "Er I utrygge?", 0).applied_n, 1);
    assert_int_equal(shown_at(s.birk, QUARANTINE_INCIDENT).n, 1);
    assert_int_equal(shown_at(s.birk, QUARANTINE_INCIDENT).reason, ERR_EXISTS);
    assert_title(&s, &survey, "Er I trygge?");
    scene_end(&s);
}

TEST(a_seal_block_that_nothing_is_sealed_with_decides_nothing) {
    struct scene s;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct record_id survey;
    struct epoch_public epoch;
    struct epoch_secret secret;
    struct buffer bytes = {0};
    struct admitted admitted;
    scene_open(&s);
    survey = record_of(s.town);
    struct write write = {.record = survey,
                          .collection = COLLECTION_SURVEY,
                          .field = SURVEY_TITLE,
                          .value = bytes_of_text("Er I trygge?")};
    struct change_set set = {
        .actor_name = "Ida", .actor_function = "", .writes = &write, .writes_n = 1};
    forge_birth(&s.forge, s.town, &notice, &s.run);
    assert_ok(epoch_new(&epoch, &secret));
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    MUST(change_set_encode(&set, &bytes));
    forge_plain(&s.forge, SECTION_OPEN, buffer_view(&bytes));
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(
        admit_run(s.birk->store, &s.town->member, &s.forge.feed, buffer_view(&s.run), &admitted));
    assert_int_equal(admitted.applied_n, 2);
    assert_title(&s, &survey, "Er I trygge?");
    buffer_done(&bytes);
    scene_end(&s);
}

TEST(a_roster_entry_that_is_not_in_the_roster_makes_an_entry_void) {
    struct scene s;
    offer_begin(&s);
    forge_next(&s.forge);
    s.forge.draft.header.roster_id8.bytes[0] ^= 1;
    assert_void(&s, s.town, ERR_ROSTER);
    scene_end(&s);
}

TEST(an_older_roster_entrys_id_under_a_newer_number_makes_an_entry_void) {
    struct scene s;
    struct admitted admitted;
    struct roster_tip tip;
    offer_begin(&s);
    federation_set_status(&s.f, s.relay, MEMBER_SUSPENDED);
    sync_feeds(s.town, s.school); /* Birk names the roster of before */
    forge_next(&s.forge);
    struct header honest = s.forge.draft.header;
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    buffer_clear(&s.run);
    forge_next(&s.forge);
    assert_ok(roster_tip(s.school->store, &tip));
    assert_int_equal(tip.seq, honest.roster_seq + 1);
    s.forge.draft.header.roster_seq = honest.roster_seq + 1;
    s.forge.draft.header.roster_id8 = honest.roster_id8;
    assert_void(&s, s.school, ERR_ROSTER);
    scene_end(&s);
}

TEST(an_author_suspended_at_the_tip_it_names_is_void_and_before_it_waits_until_it_is_active) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    federation_set_status(&s.f, s.birk, MEMBER_SUSPENDED);
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
    federation_set_status(&s.f, s.birk, MEMBER_ACTIVE);
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
    offer_begin(&s);
    federation_set_status(&s.f, s.birk, MEMBER_REMOVED);
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
        offer_begin(&s);
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
    offer_begin(&s);
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
    offer_begin(&s);
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
    offer_begin(&s);
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
    offer_begin(&s);
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
    offer_begin(&s);
    struct buffer plain = {0};
    forge_set(&s.record, 10, "gynge", &plain);
    forge_next(&s.forge);
    forge_plain(&s.forge, SECTION_OPEN, buffer_view(&plain));
    assert_void(&s, s.relay, ERR_FORMAT);
    buffer_done(&plain);
    scene_end(&s);
}

TEST(a_second_birth_and_a_roster_entry_an_epoch_or_a_cut_of_elsewhere_are_void) {
    struct scene s;
    offer_begin(&s);
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
    declaration =
        (struct declaration){.kind = DECLARATION_CUT, .cut = {.member = s.school->member}};
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    assert_void(&s, s.relay, ERR_DENIED);
    assert_int_equal(newest_feed(s.relay->store, &s.channel, &s.birk->member).voided, 4);
    arena_done(&arena);
    scene_end(&s);
}

/* Beside the birth, where it belongs in the roster's first entry. */
TEST(a_founding_that_is_not_in_the_roster_makes_an_entry_void) {
    struct scene s;
    struct buffer record = {0};
    struct declaration birth = {.kind = DECLARATION_BIRTH},
                       founding = {.kind = DECLARATION_FOUNDING};
    offer_begin(&s);
    struct incarnation incarnation = incarnation_new(s.f.now);
    birth.birth = (struct birth){.federation = s.f.id,
                                 .channel = s.channel,
                                 .author = s.birk->member,
                                 .incarnation = incarnation};
    founding.founding = (struct founding){
        .name = "Nordby", .municipality = s.birk->member, .keys = s.birk->keys.public};
    assert_ok(founding_sign(&founding.founding, &incarnation, &s.f.root, &record));
    s.feed = (struct feed_info){
        .id = feed_id_of(&s.f.id, &s.feed.channel_id, &s.birk->member, &incarnation)};
    forge_begin(&s.forge, s.birk, &s.feed);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &birth);
    forge_declaration(&s.forge, &founding);
    assert_void(&s, s.relay, ERR_FORMAT);
    assert_string_equal(shown_at(s.relay, QUARANTINE_VOID).text,
                        "a founding stands where none belongs");
    buffer_done(&record);
    scene_end(&s);
}

TEST(an_epoch_granted_twice_or_to_one_who_does_not_read_is_void_for_relays_too) {
    struct scene s;
    struct grant grants[3];
    memset(grants, 0, sizeof grants);
    offer_begin(&s);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_roster_tip_that_goes_back_makes_an_entry_void),
        cmocka_unit_test(a_published_survey_stands_whatever_clock_a_later_entry_bears),
        cmocka_unit_test(a_seal_block_that_nothing_is_sealed_with_decides_nothing),
        cmocka_unit_test(a_roster_entry_that_is_not_in_the_roster_makes_an_entry_void),
        cmocka_unit_test(an_older_roster_entrys_id_under_a_newer_number_makes_an_entry_void),
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
        cmocka_unit_test(a_second_birth_and_a_roster_entry_an_epoch_or_a_cut_of_elsewhere_are_void),
        cmocka_unit_test(a_founding_that_is_not_in_the_roster_makes_an_entry_void),
        cmocka_unit_test(an_epoch_granted_twice_or_to_one_who_does_not_read_is_void_for_relays_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
