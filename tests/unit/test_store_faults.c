/* Everything that can fail around the store, fails: what is written, and what arrives. */
#include "offer.h"
#include "proto/limits.h"
#include "store/acks.h"
#include "store/admit.h"
#include "store/collection.h"
#include "sweep.h"
#include "test.h"

/* A run that is offered to the site. */
struct given {
    struct feed_id feed;
    struct member_id from;
    struct buffer run;
};

static enum err admit(struct site *site, void *context, struct hasher *out) {
    const struct given *given = context;
    struct admitted admitted = {0};
    enum err e =
        admit_run(site->store, &given->from, &given->feed, buffer_view(&given->run), &admitted);
    if (e == OK) {
        hasher_add_u64(out, admitted.new_n);
        hasher_add_u64(out, admitted.applied_n);
        hasher_add_u64(out, admitted.waiting_n);
        hasher_add_u64(out, admitted.void_n);
        hasher_add_u64(out, admitted.feed.head.seq);
    }
    return e;
}

static enum err note_id8(void *context, const struct feed_info *feed,
                         const struct entry_info *entry) {
    struct version_name *name = context;
    (void)feed;
    if (entry->seq == name->seq)
        name->id8 = envelope_id8(&entry->id);
    return OK;
}

/* What `from` has of a feed after entry `after`, for admitting at another. */
static struct given give(struct site *from, const struct feed_id *feed, uint64_t after) {
    struct given given = {.feed = *feed, .from = from->member};
    struct version_name last = {.seq = after};
    MUST(feed_entries(from->store, feed, 1, note_id8, &last));
    MUST(feed_load(from->store, feed, after, &last.id8, RUN_SIZE_MAX, &given.run));
    return given;
}

static enum err append(struct site *site, void *context, struct hasher *out) {
    struct scene *s = context;
    struct version_name written = {.seq = 0};
    (void)out;
    enum err e = try_write(site, &s->channel, COLLECTION_HANDOVER, &s->record, HANDOVER_CHILD_NAME,
                           "Alma", NULL, &written);
    if (e != OK)
        assert_int_equal(written.seq, 0);
    return e;
}

TEST(a_first_change_in_a_channel_is_written_whole_or_not_at_all) {
    struct scene s;
    scene_open(&s);
    sweep("a first change",
          &(struct sweep){.site = s.birk, .work = append, .context = &s, .is_new = true});
    scene_end(&s);
}

TEST(a_further_change_is_written_whole_or_not_at_all) {
    struct scene s;
    scene_open(&s);
    scene_write(&s);
    sweep("a further change",
          &(struct sweep){.site = s.birk, .work = append, .context = &s, .is_new = true});
    site_move(s.birk);
    sweep("a change in a new incarnation",
          &(struct sweep){.site = s.birk, .work = append, .context = &s, .is_new = true});
    scene_end(&s);
}

TEST(a_run_is_admitted_whole_or_not_at_all) {
    struct scene s;
    scene_open(&s);
    scene_write(&s);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma Holm", &s.first);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct feed_info feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct given given = give(s.birk, &feed.id, 0);
    sweep("a run at a reader", &(struct sweep){.site = s.school, .work = admit, .context = &given});
    sweep("a run at a relay", &(struct sweep){.site = s.relay, .work = admit, .context = &given});
    buffer_done(&given.run);
    scene_end(&s);
}

TEST(a_conflict_arrives_whole_or_not_at_all) {
    struct scene s;
    scene_open_shared(&s);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma Holm", &s.first);
    write_field(s.birk, &s.channel, &s.record, HANDOVER_CHILD_NAME, "Alma B.", &s.first);
    struct feed_info feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct given given = give(s.birk, &feed.id, 1);
    sweep("a conflict", &(struct sweep){.site = s.school, .work = admit, .context = &given});
    buffer_done(&given.run);
    scene_end(&s);
}

TEST(the_roster_is_admitted_whole_or_not_at_all_and_lets_in_what_waited) {
    struct scene s;
    scene_open(&s);
    scene_write(&s);
    struct site *egely = federation_join(&s.f, "Egely", ROLE_SCHOOL);
    struct roster_tip tip;
    MUST(roster_tip(s.birk->store, &tip));
    struct given given = give(s.town, &tip.feed, tip.seq);
    sweep("a roster that has grown",
          &(struct sweep){.site = s.birk, .work = admit, .context = &given});
    sync_feeds(s.town, s.birk);
    s.channel = channel_between(s.birk, egely);
    sweep("a change for a new member",
          &(struct sweep){.site = s.birk, .work = append, .context = &s, .is_new = true});
    buffer_done(&given.run);
    scene_end(&s);
}

TEST(a_void_entry_is_admitted_whole_or_not_at_all) {
    struct scene s;
    struct buffer sets = {0};
    offer_begin(&s);
    struct epoch_public epoch = forge_epoch(s.birk->store, &s.feed.id);
    forge_next(&s.forge);
    forge_seal(&s.forge, &epoch);
    forge_set(&s.record, HANDOVER_READ_BY, "Ole", &sets); /* the receiver's to write */
    forge_sealed(&s.forge, buffer_view(&sets));
    forge_sign(&s.forge, NULL, &s.run);
    struct given given = {s.feed.id, s.town->member, s.run};
    sweep("a void entry", &(struct sweep){.site = s.school, .work = admit, .context = &given});
    buffer_done(&sets);
    scene_end(&s);
}

TEST(what_is_refused_is_put_aside_whole_or_not_at_all) {
    struct scene s;
    offer_begin(&s);
    forge_next(&s.forge);
    forge_sign(&s.forge, &s.school->keys.sign, &s.run);
    struct given given = {s.feed.id, s.town->member, s.run};
    sweep("a wrong signature",
          &(struct sweep){
              .site = s.school, .work = admit, .context = &given, .expected = ERR_SIGNATURE});
    scene_end(&s);
}

static enum err prove(struct site *site, void *context, struct hasher *out) {
    (void)out;
    return admit_proof(site->store, context);
}

static enum err show_proof(struct site *site, void *context, struct hasher *out) {
    const struct given *proof = context;
    struct message_proof shown;
    struct buffer bytes = {0};
    enum err e = admit_proof_of(site->store, &proof->feed, &bytes, &shown);
    if (e == OK) {
        hasher_add(out, shown.first, sizeof shown.first);
        hasher_add(out, shown.second, sizeof shown.second);
        hasher_add(out, bytes.data, bytes.size);
    }
    buffer_done(&bytes);
    return e;
}

struct reading {
    struct site *site;
    struct hasher *out;
};

static enum err tell_value(void *context, const struct branch_entry *entry) {
    hasher_add_u64(context, entry->seq);
    hasher_add_u64(context, entry->unread);
    return OK;
}

static enum err read_branch(void *context, const struct quarantined *item) {
    struct reading *reading = context;
    struct quarantined piece;
    hasher_add_u64(reading->out, item->number);
    return item->kind == QUARANTINE_FORK ? quarantine_branch(reading->site->store, item->number,
                                                             &piece, tell_value, reading->out)
                                         : OK;
}

static enum err read_branches(struct site *site, void *context, struct hasher *out) {
    (void)context;
    return quarantine_each(site->store, read_branch, &(struct reading){site, out});
}

TEST(a_fork_is_kept_with_its_proof_or_not_at_all) {
    struct scene s;
    offer_begin(&s);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.school);
    forge_next(&s.forge); /* number 2 once more */
    forge_sign(&s.forge, NULL, &s.run);
    struct given given = {s.feed.id, s.town->member, s.run};
    sweep("a fork", &(struct sweep){
                        .site = s.school, .work = admit, .context = &given, .expected = ERR_FORK});
    sweep("a fork of an own feed",
          &(struct sweep){.site = s.birk, .work = admit, .context = &given, .expected = ERR_FORK});
    struct admitted admitted;
    assert_err(ERR_FORK, offer(&s, s.school, &admitted));
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    given.run = s.run;
    sweep(
        "more of a branch",
        &(struct sweep){.site = s.school, .work = admit, .context = &given, .expected = ERR_FORK});
    sweep("what proves a fork",
          &(struct sweep){.site = s.school, .work = show_proof, .context = &given});
    sweep("a branch read",
          &(struct sweep){.site = s.school, .work = read_branches, .context = &given});
    struct message_proof proof;
    struct buffer bytes = {0};
    assert_ok(admit_proof_of(s.school->store, &s.feed.id, &bytes, &proof));
    sweep("a proof", &(struct sweep){.site = s.relay, .work = prove, .context = &proof});
    buffer_done(&bytes);
    scene_end(&s);
}

TEST(a_roster_that_brings_what_entries_wait_for_is_admitted_whole_or_not_at_all) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    struct roster_tip tip;
    MUST(roster_tip(s.school->store, &tip));
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    sync_feeds(s.town, s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct given waits = give(s.birk, &s.feed.id, 1), roster = give(s.town, &tip.feed, tip.seq);
    sweep("an entry that waits",
          &(struct sweep){.site = s.school, .work = admit, .context = &waits});
    assert_ok(
        admit_run(s.school->store, &waits.from, &waits.feed, buffer_view(&waits.run), &admitted));
    sweep("a roster that was waited for",
          &(struct sweep){.site = s.school, .work = admit, .context = &roster});
    buffer_done(&waits.run);
    buffer_done(&roster.run);
    scene_end(&s);
}

static enum err import(struct site *site, void *context, struct hasher *out) {
    const struct record_id *survey = context;
    struct buffer encoded = {0};
    struct answer_reply reply = {.question = 1, .choice = 2};
    struct version_name written;
    struct channel channel;
    (void)out;
    enum err e = answer_encode(&reply, 1, &encoded);
    if (e != OK)
        return e;
    struct bytes answers[3] = {buffer_view(&encoded), buffer_view(&encoded), buffer_view(&encoded)};
    struct change_set set = {.actor_name = "",
                             .actor_function = "",
                             .has_answers = true,
                             .answers = {.survey = *survey,
                                         .mark = {{7}},
                                         .part = 0,
                                         .parts = 1,
                                         .answers = answers,
                                         .answers_n = 3}};
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    e = append_change(site->store, &(struct change){.channel = channel, .sets = &set, .sets_n = 1},
                      &written);
    buffer_done(&encoded);
    return e;
}

TEST(answers_are_written_and_admitted_whole_or_not_at_all) {
    struct scene s;
    struct hasher out;
    scene_open(&s);
    struct record_id survey = record_of(s.town);
    sweep("answers",
          &(struct sweep){.site = s.birk, .work = import, .context = &survey, .is_new = true});
    hasher_init(&out, HASH_STORE);
    MUST(import(s.birk, &survey, &out));
    struct channel channel;
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    struct feed_info feed = newest_feed(s.birk->store, &channel, &s.birk->member);
    struct given given = give(s.birk, &feed.id, 0);
    sweep("answers that arrive", &(struct sweep){.site = s.town, .work = admit, .context = &given});
    buffer_done(&given.run);
    scene_end(&s);
}

static enum err say(struct site *site, void *context, struct hasher *out) {
    (void)out;
    return acks_state(site->store, context);
}

static enum err hear(struct site *site, void *context, struct hasher *out) {
    (void)out;
    return acks_admit(site->store, buffer_view(context));
}

static enum err note_statement(void *context, const struct ack_info *ack) {
    return buffer_append(context, ack->statement.data, ack->statement.size);
}

TEST(a_statement_is_made_and_taken_whole_or_not_at_all) {
    struct scene s;
    struct buffer statement = {0};
    offer_begin(&s);
    sweep("an own statement",
          &(struct sweep){.site = s.birk, .work = say, .context = &s.channel_id, .is_new = true});
    MUST(acks_state(s.birk->store, &s.channel_id));
    MUST(acks_find(s.birk->store, &s.birk->member, &s.channel_id, note_statement, &statement));
    sweep("a statement", &(struct sweep){.site = s.school, .work = hear, .context = &statement});
    sweep("an own statement that comes back",
          &(struct sweep){
              .site = s.birk, .work = hear, .context = &statement, .expected = ERR_STALE});
    buffer_done(&statement);
    scene_end(&s);
}

/* As much as verifying can take: an empty section is 5 bytes in a run. */
static void forge_sections(struct scene *s, size_t envelopes_n) {
    for (size_t i = 0; i < envelopes_n; i++) {
        forge_next(&s->forge);
        for (size_t k = 0; k < SECTIONS_MAX; k++)
            forge_plain(&s->forge, SECTION_DECLARATION, (struct bytes){0});
        forge_sign(&s->forge, NULL, &s->run);
    }
}

TEST(a_large_run_is_refused_to_nobody_because_memory_gave_out_here) {
    struct scene s;
    struct admitted admitted;
    unsigned failed = 0;
    offer_begin(&s);
    forge_sections(&s, 100);
    assert_true(s.run.size < RUN_SIZE_MAX);
    for (unsigned n = 1; n < 200; n++) {
        fault_arm(FAULT_MEMORY, n);
        enum err e = offer(&s, s.town, &admitted);
        if (!fault_disarm())
            break;
        failed++;
        assert_err(ERR_MEMORY, e);
        assert_int_equal(shown_at(s.town, QUARANTINE_REFUSED).n, 0);
    }
    assert_true(failed > 20);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_change_in_a_channel_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_further_change_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_run_is_admitted_whole_or_not_at_all),
        cmocka_unit_test(a_conflict_arrives_whole_or_not_at_all),
        cmocka_unit_test(the_roster_is_admitted_whole_or_not_at_all_and_lets_in_what_waited),
        cmocka_unit_test(a_void_entry_is_admitted_whole_or_not_at_all),
        cmocka_unit_test(what_is_refused_is_put_aside_whole_or_not_at_all),
        cmocka_unit_test(a_fork_is_kept_with_its_proof_or_not_at_all),
        cmocka_unit_test(
            a_roster_that_brings_what_entries_wait_for_is_admitted_whole_or_not_at_all),
        cmocka_unit_test(answers_are_written_and_admitted_whole_or_not_at_all),
        cmocka_unit_test(a_statement_is_made_and_taken_whole_or_not_at_all),
        cmocka_unit_test(a_large_run_is_refused_to_nobody_because_memory_gave_out_here),
    };
    fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
