/* Two branches of one feed. */
#include "offer.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "test.h"

#include "store/replica.h"

#include <stdlib.h>

TEST(a_fork_is_proved_and_the_branch_that_came_first_stays) {
    struct scene s;
    offer_begin(&s);
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
    offer_begin(&s);
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

static struct message_proof proof_of(const struct feed_id *feed, const uint8_t *first,
                                     const uint8_t *second) {
    struct message_proof proof = {.feed = *feed};
    memcpy(proof.first, first, SIGNED_HEADER_SIZE);
    memcpy(proof.second, second, SIGNED_HEADER_SIZE);
    return proof;
}

static enum err prove(struct site *site, const struct feed_id *feed, const uint8_t *first,
                      const uint8_t *second) {
    struct message_proof proof = proof_of(feed, first, second);
    return admit_proof(site->store, &proof);
}

TEST(a_proof_of_a_fork_is_taken_only_when_it_proves_one) {
    struct scene s;
    offer_begin(&s);
    struct buffer other = {0};
    struct feed_info info;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    s.forge.head = s.feed.head;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &other);
    assert_err(ERR_ARGUMENT, prove(s.town, &s.feed.id, s.run.data, s.run.data));
    other.data[HEADER_SIZE] ^= 1;
    assert_err(ERR_SIGNATURE, prove(s.town, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_false(info.forked);
    other.data[HEADER_SIZE] ^= 1;
    assert_ok(prove(s.town, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_true(info.forked);
    buffer_done(&other);
    scene_end(&s);
}

/* Birk has told the others "gynge", and was put back and went on with "tegne", "venner" and "løbe".
 */
static void equivocate(struct scene *s) {
    site_backup(s->birk);
    write_field(s->birk, &s->channel, &s->record, 10, "gynge", NULL);
    sync_feeds(s->birk, s->school);
    sync_feeds(s->birk, s->relay);
    site_restore(s->birk, SAME_PLACE);
    write_field(s->birk, &s->channel, &s->record, 10, "tegne", NULL);
    write_field(s->birk, &s->channel, &s->record, 11, "venner", NULL);
    write_field(s->birk, &s->channel, &s->record, 12, "løbe", NULL);
}

/* One envelope after (seq, id8) of the feed, from one site to another; moves on. */
static enum err give_next(struct scene *s, struct site *from, struct site *to, uint64_t *seq,
                          struct id8 *id8) {
    struct buffer run = {0};
    struct admitted admitted;
    assert_ok(feed_load(from->store, &s->feed.id, *seq, id8, 1, &run));
    struct envelope_id id = envelope_id_of(run.data);
    enum err e = admit_run(to->store, &from->member, &s->feed.id, buffer_view(&run), &admitted);
    *seq += 1;
    *id8 = envelope_id8(&id);
    buffer_done(&run);
    return e;
}

struct pieces {
    uint64_t numbers[8];
    size_t n;
};

static enum err note_piece(void *context, const struct quarantined *item) {
    struct pieces *pieces = context;
    if (item->kind == QUARANTINE_FORK && pieces->n < 8)
        pieces->numbers[pieces->n++] = item->number;
    return OK;
}

struct read {
    char values[200];
    size_t entries, unread;
};

static enum err note_value(void *context, const struct branch_entry *entry) {
    struct read *read = context;
    read->entries++;
    read->unread += entry->unread == ERR_DENIED;
    for (size_t i = 0; i < entry->sets_n; i++)
        for (size_t j = 0; j < entry->sets[i].writes_n; j++) {
            const struct bytes *value = &entry->sets[i].writes[j].value;
            strncat(read->values, (const char *)value->data, value->size);
            strcat(read->values, ";");
        }
    return OK;
}

static struct read read_all(struct site *site, size_t expected) {
    struct pieces pieces = {0};
    struct read read = {0};
    struct quarantined item;
    assert_ok(quarantine_each(site->store, note_piece, &pieces));
    assert_int_equal(pieces.n, expected);
    for (size_t i = 0; i < pieces.n; i++)
        assert_ok(quarantine_branch(site->store, pieces.numbers[i], &item, note_value, &read));
    return read;
}

TEST(a_branch_is_kept_whole_piece_by_piece_and_read_by_whoever_reads_the_channel) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    struct site *sites[] = {s.school, s.relay};
    for (int i = 0; i < 2; i++) {
        uint64_t seq = 1;
        struct id8 id8 = envelope_id8(&s.feed.head.id);
        for (int n = 0; n < 3; n++)
            assert_err(ERR_FORK, give_next(&s, s.birk, sites[i], &seq, &id8));
        seq = 1;
        id8 = envelope_id8(&s.feed.head.id);
        for (int n = 0; n < 3; n++) /* again changes nothing */
            assert_err(ERR_FORK, give_next(&s, s.birk, sites[i], &seq, &id8));
    }
    struct read read = read_all(s.school, 3);
    assert_string_equal(read.values, "tegne;venner;løbe;");
    read = read_all(s.relay, 3);
    assert_string_equal(read.values, "");
    assert_int_equal(read.unread, 3);
    struct quarantined item;
    assert_err(ERR_NOT_FOUND, quarantine_branch(s.school->store, 4711, &item, note_value, &read));
    scene_end(&s);
}

/* Steps a branch; after `steps` of them something happens. Its values, and how many steps it took.
 */
static struct read read_while(struct site *site, uint64_t number, size_t steps, const char *happens,
                              size_t *ret_steps) {
    struct branch *branch = NULL;
    struct quarantined item;
    const struct branch_entry *entry;
    struct read read = {0};
    size_t n = 0;
    assert_ok(branch_new(site->store, number, &item, &branch));
    for (bool done = false; !done; n++) {
        if (n == steps)
            assert_ok(db_execute(site->store->db, happens));
        assert_ok(branch_step(branch, &entry, &done));
        if (entry != NULL)
            assert_ok(note_value(&read, entry));
    }
    branch_free(branch);
    *ret_steps = n;
    return read;
}

TEST(a_branch_is_read_as_it_was_whatever_is_put_in_the_stead_of_its_pieces_meanwhile) {
    static const char *const happens[] = {
        "UPDATE quarantine SET number = number + 100", /* more of each piece came, in its stead */
        "DELETE FROM quarantine WHERE number % 100 = 2 AND seq = 3"};
    struct scene s;
    size_t steps_n = 3, n;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    for (int i = 0; i < 2; i++)
        assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    struct db *db = s.school->store->db;
    assert_ok(db_execute(db, "CREATE TABLE kept AS SELECT * FROM quarantine"));
    for (size_t k = 0; k < sizeof happens / sizeof *happens; k++)
        for (size_t i = 0; i < steps_n; i++) {
            assert_ok(db_execute(db, "DELETE FROM quarantine"));
            assert_ok(db_execute(db, "INSERT INTO quarantine SELECT * FROM kept"));
            struct read read = read_while(s.school, 2, i, happens[k], &n);
            assert_string_equal(read.values, "venner;");
            assert_int_equal(read.unread, 0);
            steps_n = n > steps_n ? n : steps_n;
        }
    assert_true(steps_n > 5);
    scene_end(&s);
}

TEST(a_branch_can_be_left_at_any_step) {
    struct scene s;
    struct quarantined item;
    const struct branch_entry *entry;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    for (int i = 0; i < 3; i++)
        assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    bool done = false;
    for (size_t i = 0; !done; i++) {
        struct branch *branch = NULL;
        assert_ok(branch_new(s.school->store, 3, &item, &branch));
        for (size_t k = 0; k < i && !done; k++)
            assert_ok(branch_step(branch, &entry, &done));
        branch_free(branch);
    }
    struct read read = read_all(s.school, 3);
    assert_string_equal(read.values, "tegne;venner;løbe;");
    scene_end(&s);
}

TEST(what_waits_in_the_log_is_no_branch) {
    struct scene s;
    struct branch *branch = NULL;
    struct quarantined item;
    offer_begin(&s);
    assert_ok(db_execute(s.school->store->db, "UPDATE entry SET status = 3, reason = 1 WHERE key ="
                                              " (SELECT max(key) FROM entry)"));
    struct shown shown = shown_at(s.school, QUARANTINE_VOID);
    assert_int_equal(shown.n, 1);
    sqlite3_stmt *get = db_walk(s.school->store->db, "SELECT max(key) FROM entry");
    bool row = false;
    assert_ok(db_row(s.school->store->db, get, &row));
    assert_err(ERR_STATE,
               branch_new(s.school->store, (uint64_t)sqlite3_column_int64(get, 0), &item, &branch));
    sqlite3_finalize(get);
    assert_err(ERR_NOT_FOUND, branch_new(s.school->store, 4711, &item, &branch));
    assert_null(branch);
    scene_end(&s);
}

/* The one envelope of `run` without its first section's content. */
static void strip(struct buffer *run) {
    struct arena arena;
    struct envelope envelope;
    struct buffer without = {0};
    size_t size;
    arena_init(&arena, KIB(64));
    assert_ok(envelope_parse(buffer_view(run), &arena, &envelope, &size));
    assert_int_equal(size, run->size);
    assert_ok(envelope_without(&envelope, 0, SECTION_ABSENT, &without));
    buffer_done(run);
    *run = without;
    arena_done(&arena);
}

TEST(of_three_branches_that_one_member_brings_each_is_kept_and_read) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    for (int n = 0; n < 2; n++)
        assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    site_restore(s.birk, SAME_PLACE);
    write_field(s.birk, &s.channel, &s.record, 10, "male", NULL);
    write_field(s.birk, &s.channel, &s.record, 11, "bygge", NULL);
    seq = 1;
    id8 = envelope_id8(&s.feed.head.id);
    for (int n = 0; n < 2; n++)
        assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    assert_string_equal(read_all(s.school, 4).values, "tegne;venner;male;bygge;");
    scene_end(&s);
}

TEST(a_branch_from_which_a_section_was_taken_out_is_not_kept_in_its_stead) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    for (int n = 0; n < 2; n++) { /* where the branches part, and beyond */
        struct admitted admitted;
        struct buffer run = {0};
        assert_ok(feed_load(s.birk->store, &s.feed.id, seq, &id8, 1, &run));
        strip(&run);
        assert_err(ERR_HASH, admit_run(s.school->store, &s.town->member, &s.feed.id,
                                       buffer_view(&run), &admitted));
        assert_int_equal(shown_at(s.school, QUARANTINE_FORK).n, (size_t)n);
        assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
        buffer_done(&run);
    }
    assert_string_equal(read_all(s.school, 2).values, "tegne;venner;");
    scene_end(&s);
}

TEST(of_a_branch_that_comes_with_what_it_shares_only_what_is_its_own_is_kept) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    struct buffer run = {0};
    struct admitted admitted;
    struct id8 none = {{0}};
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, &none, RUN_SIZE_MAX, &run));
    assert_err(ERR_FORK, admit_run(s.school->store, &s.birk->member, &s.feed.id, buffer_view(&run),
                                   &admitted));
    struct read read = read_all(s.school, 1);
    assert_string_equal(read.values, "tegne;venner;løbe;");
    assert_int_equal(read.entries, 3);
    assert_int_equal(shown_at(s.school, QUARANTINE_FORK).seq, 2);
    buffer_done(&run);
    scene_end(&s);
}

TEST(of_a_forked_feed_a_run_too_short_for_a_header_is_refused) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    struct admitted admitted;
    assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    uint8_t *few = calloc(1, 10); /* no more, so that a sanitizer sees a step beyond the end */
    assert_non_null(few);
    few[0] = HEADER_VERSION;
    assert_err(ERR_FORMAT, admit_run(s.school->store, &s.birk->member, &s.feed.id,
                                     (struct bytes){few, 10}, &admitted));
    free(few);
    scene_end(&s);
}

TEST(a_branch_that_parts_at_the_first_entry_is_kept_as_it_goes_on) {
    struct scene s;
    struct arena arena;
    struct admitted admitted;
    struct envelope first;
    struct buffer run = {0};
    size_t size;
    offer_begin(&s);
    arena_init(&arena, KIB(64));
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, 1, &run));
    assert_ok(envelope_parse(buffer_view(&run), &arena, &first, &size));
    forge_end(&s.forge);
    forge_begin(&s.forge, s.birk, &(struct feed_info){.id = s.feed.id});
    for (size_t n = 1; n <= 3; n++) {
        forge_next(&s.forge);
        if (n == 1)
            forge_plain(&s.forge, SECTION_DECLARATION, first.sections[0].content);
        buffer_clear(&s.run);
        forge_sign(&s.forge, NULL, &s.run);
        assert_err(ERR_FORK, offer(&s, s.school, &admitted));
        assert_int_equal(shown_at(s.school, QUARANTINE_FORK).n, n);
        assert_int_equal(shown_at(s.school, QUARANTINE_FORK).seq, n);
    }
    buffer_done(&run);
    arena_done(&arena);
    scene_end(&s);
}

TEST(the_middle_of_a_branch_whose_beginning_is_not_here_is_refused) {
    struct scene s;
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id), second;
    struct buffer run = {0};
    struct admitted admitted;
    assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    second = id8;
    assert_ok(feed_load(s.birk->store, &s.feed.id, 2, &second, 1, &run));
    struct envelope_id third = envelope_id_of(run.data);
    struct id8 third8 = envelope_id8(&third);
    buffer_clear(&run);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 3, &third8, 1, &run));
    assert_err(ERR_CHAIN, admit_run(s.school->store, &s.birk->member, &s.feed.id, buffer_view(&run),
                                    &admitted));
    assert_int_equal(shown_at(s.school, QUARANTINE_FORK).n, 1);
    buffer_done(&run);
    scene_end(&s);
}

TEST(a_proof_alone_is_shown_until_the_branch_comes_and_one_is_enough) {
    struct scene s;
    struct message_proof proof, again;
    struct buffer bytes = {0};
    offer_begin(&s);
    equivocate(&s);
    uint64_t seq = 1;
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_err(ERR_NOT_FOUND, admit_proof_of(s.school->store, &s.feed.id, &bytes, &proof));
    assert_err(ERR_FORK, give_next(&s, s.birk, s.school, &seq, &id8));
    assert_ok(admit_proof_of(s.school->store, &s.feed.id, &bytes, &proof));
    assert_ok(admit_proof(s.relay->store, &proof));
    struct shown shown = shown_at(s.relay, QUARANTINE_FORK);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.seq, 2);
    assert_ok(prove(s.relay, &s.feed.id, proof.second, proof.first));
    assert_int_equal(shown_at(s.relay, QUARANTINE_FORK).n, 1);
    assert_ok(admit_proof_of(s.relay->store, &s.feed.id, &bytes, &again));
    assert_memory_equal(again.first, proof.first, sizeof proof.first);
    assert_int_equal(bytes.size, 0); /* all signatures are good */
    seq = 1;
    id8 = envelope_id8(&s.feed.head.id);
    assert_err(ERR_FORK, give_next(&s, s.birk, s.relay, &seq, &id8));
    assert_int_equal(shown_at(s.relay, QUARANTINE_FORK).n, 1);
    assert_int_equal(read_all(s.relay, 1).entries, 1);
    /* And the author, who had never seen its other branch, goes on in a new incarnation. */
    assert_ok(admit_proof(s.birk->store, &proof));
    assert_non_null(strstr(shown_at(s.birk, QUARANTINE_FORK).text, "this node"));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 13, "gemme", NULL);
    assert_false(feed_id_equal(&next.feed, &s.feed.id));
    buffer_done(&bytes);
    scene_end(&s);
}

/* An envelope whose signature is none, before one that covers it. */
static void sign_badly(struct scene *s, struct buffer *run) {
    size_t at = run->size;
    forge_next(&s->forge);
    forge_sign(&s->forge, NULL, run);
    run->data[at + HEADER_SIZE] ^= 1;
    s->forge.head.id = envelope_id_of(run->data + at);
}

static void sign_well(struct scene *s, struct buffer *run) {
    forge_next(&s->forge);
    forge_sign(&s->forge, NULL, run);
}

/* The town has met a branch of one entry and another whose first two signatures are none; the relay
 * knows the first branch or, `other`, the second. */
static void hide(struct scene *s, bool other) {
    struct buffer first = {0}, second = {0};
    struct admitted admitted;
    struct feed_info info;
    struct head head;
    offer_begin(s);
    head = s->forge.head;
    sign_well(s, &first);
    s->forge.head = head;
    sign_badly(s, &second);
    sign_badly(s, &second);
    sign_well(s, &second);
    struct buffer *one = other ? &second : &first, *two = other ? &first : &second;
    assert_ok(
        admit_run(s->relay->store, &s->birk->member, &s->feed.id, buffer_view(one), &admitted));
    assert_ok(
        admit_run(s->town->store, &s->birk->member, &s->feed.id, buffer_view(one), &admitted));
    assert_err(ERR_FORK, admit_run(s->town->store, &s->birk->member, &s->feed.id, buffer_view(two),
                                   &admitted));
    assert_ok(feed_find(s->town->store, &s->feed.id, &info));
    assert_true(info.forked);
    buffer_done(&first);
    buffer_done(&second);
}

TEST(a_fork_is_proved_where_a_signature_of_the_other_branch_is_none) {
    for (int other = 0; other < 2; other++) {
        struct scene s;
        struct feed_info info;
        struct message_proof proof;
        struct buffer bytes = {0};
        hide(&s, other);
        assert_ok(admit_proof_of(s.town->store, &s.feed.id, &bytes, &proof));
        assert_int_equal(bytes.size, 2 * SIGNED_HEADER_SIZE);
        assert_ok(admit_proof(s.relay->store, &proof));
        assert_ok(feed_find(s.relay->store, &s.feed.id, &info));
        assert_true(info.forked);
        buffer_clear(&bytes);
        assert_ok(admit_proof_of(s.relay->store, &s.feed.id, &bytes, &proof)); /* passed on */
        assert_int_equal(bytes.size, 2 * SIGNED_HEADER_SIZE);
        buffer_done(&bytes);
        scene_end(&s);
    }
}

TEST(headers_that_lead_to_no_signature_prove_nothing) {
    struct scene s;
    struct message_proof proof;
    struct buffer bytes = {0};
    hide(&s, false);
    assert_ok(admit_proof_of(s.town->store, &s.feed.id, &bytes, &proof));
    struct bytes on = proof.second_on;
    assert_int_equal(on.size, 2 * SIGNED_HEADER_SIZE);
    proof.second_on.size = SIGNED_HEADER_SIZE; /* up to a bad one */
    assert_err(ERR_SIGNATURE, admit_proof(s.relay->store, &proof));
    proof.second_on = (struct bytes){on.data + SIGNED_HEADER_SIZE, SIGNED_HEADER_SIZE};
    assert_err(ERR_CHAIN, admit_proof(s.relay->store, &proof));
    proof.second_on = (struct bytes){0};
    assert_err(ERR_SIGNATURE, admit_proof(s.relay->store, &proof));
    proof.second_on = on;
    assert_ok(admit_proof(s.relay->store, &proof));
    buffer_done(&bytes);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_is_proved_and_the_branch_that_came_first_stays),
        cmocka_unit_test(an_own_feed_that_was_forked_is_left_for_a_new_incarnation),
        cmocka_unit_test(a_proof_of_a_fork_is_taken_only_when_it_proves_one),
        cmocka_unit_test(a_fork_is_proved_where_a_signature_of_the_other_branch_is_none),
        cmocka_unit_test(headers_that_lead_to_no_signature_prove_nothing),
        cmocka_unit_test(
            a_branch_is_kept_whole_piece_by_piece_and_read_by_whoever_reads_the_channel),
        cmocka_unit_test(
            a_branch_is_read_as_it_was_whatever_is_put_in_the_stead_of_its_pieces_meanwhile),
        cmocka_unit_test(a_branch_can_be_left_at_any_step),
        cmocka_unit_test(what_waits_in_the_log_is_no_branch),
        cmocka_unit_test(of_three_branches_that_one_member_brings_each_is_kept_and_read),
        cmocka_unit_test(a_branch_from_which_a_section_was_taken_out_is_not_kept_in_its_stead),
        cmocka_unit_test(of_a_branch_that_comes_with_what_it_shares_only_what_is_its_own_is_kept),
        cmocka_unit_test(of_a_forked_feed_a_run_too_short_for_a_header_is_refused),
        cmocka_unit_test(a_branch_that_parts_at_the_first_entry_is_kept_as_it_goes_on),
        cmocka_unit_test(the_middle_of_a_branch_whose_beginning_is_not_here_is_refused),
        cmocka_unit_test(a_proof_alone_is_shown_until_the_branch_comes_and_one_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
