/* A roster brought by hand to a municipality that was put back to an earlier copy. */
#include "doorstep.h"
#include "store/admit.h"
#include "test.h"

TEST(a_municipality_put_back_to_its_founding_waits_for_a_word_and_gets_its_roster_by_hand) {
    struct doorstep d;
    struct buffer text = {0}, carried = {0};
    size_t new_n = 0;
    doorstep_begin(&d);
    site_backup(d.town);
    doorstep_join(&d);
    site_restore(d.town, OTHER_BOOT | OTHER_DISK);
    time_ms expires = d.f.now + 86400000;
    assert_err(ERR_STATE, roster_invite(d.town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(roster_export(d.site->store, &carried));
    assert_ok(roster_import(d.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 1);
    assert_ok(roster_confirm(d.town->store, "Mette H.", "Birk is the only one"));
    assert_ok(roster_invite(d.town->store, "Egely", ROLE_SCHOOL, expires, &text));
    buffer_wipe(&text);
    buffer_done(&carried);
    doorstep_end(&d);
}

/* Put back to its backup, the municipality learns from the site's roster, or another's, whom it has
 * admitted. */
static void put_back_and_told(struct doorstep *d) {
    struct buffer carried = {0};
    size_t new_n = 0;
    doorstep_join(d);
    site_restore(d->town, OTHER_BOOT | OTHER_DISK);
    assert_ok(roster_export(d->site->store, &carried));
    assert_ok(roster_import(d->town->store, buffer_view(&carried), &new_n));
    assert_true(new_n > 0);
    buffer_done(&carried);
}

static void same_join_again(struct doorstep *d) {
    struct roster_tip again;
    bool known = false;
    assert_ok(roster_is_ticket(d->town->store, &d->request.ticket, &known));
    assert_true(known);
    assert_ok(roster_join(d->town->store, &d->request.ticket, &d->request, &again));
    assert_memory_equal(&d->tip, &again, sizeof again);
    d->request.keys = d->town->keys.public;
    assert_err(ERR_TICKET_USED,
               roster_join(d->town->store, &d->request.ticket, &d->request, &again));
}

TEST(a_municipality_put_back_to_before_the_ticket_answers_the_same_join_by_its_roster) {
    struct doorstep d;
    doorstep_open(&d);
    site_backup(d.town);
    doorstep_invite(&d);
    put_back_and_told(&d);
    same_join_again(&d);
    doorstep_end(&d);
}

TEST(a_municipality_put_back_to_before_the_join_answers_the_same_join_by_its_roster) {
    struct doorstep d;
    doorstep_begin(&d);
    site_backup(d.town);
    put_back_and_told(&d);
    same_join_again(&d);
    doorstep_end(&d);
}

/* The site has its answer and the roster's first entry, and the municipality forgets both. */
static void forget_the_join(struct doorstep *d) {
    struct roster_tip tip;
    struct admitted admitted;
    struct buffer run = {0};
    assert_ok(roster_join(d->town->store, &d->request.ticket, &d->request, &d->tip));
    assert_ok(roster_join_answered(d->site->store));
    assert_ok(roster_tip(d->town->store, &tip));
    assert_ok(feed_load(d->town->store, &tip.feed, 0, NULL, 1, &run));
    assert_ok(admit_run(d->site->store, &d->town->member, &tip.feed, buffer_view(&run), &admitted));
    site_restore(d->town, OTHER_BOOT | OTHER_DISK);
    assert_ok(roster_confirm(d->town->store, "Mette H.", "nobody has joined"));
    buffer_done(&run);
}

TEST(a_site_that_a_restored_municipality_has_forgotten_goes_on_with_another_ticket) {
    struct doorstep d;
    struct self self;
    struct buffer text = {0};
    doorstep_open(&d);
    site_backup(d.town);
    doorstep_invite(&d);
    forget_the_join(&d);
    struct ticket foreign = d.ticket;
    foreign.federation.bytes[0] ^= 1;
    foreign.secret = seed_new();
    assert_ok(ticket_encode(&foreign, &text));
    assert_err(ERR_STATE, roster_join_begin(d.site->store, (const char *)text.data, NULL, 0));
    buffer_clear(&d.text);
    doorstep_invite(&d);
    doorstep_join(&d);
    assert_ok(store_self(d.site->store, &self));
    assert_memory_equal(&self.member, &d.ticket.member, sizeof self.member);
    buffer_wipe(&text);
    doorstep_end(&d);
}

TEST(what_is_no_roster_of_this_federation_is_not_brought_in) {
    struct federation f;
    struct buffer carried = {0};
    size_t new_n = 7;
    federation_found_four(&f);
    struct site *birk = &f.sites[1];
    struct site *egely = federation_join(&f, "Egely", ROLE_SCHOOL);
    assert_ok(roster_export(egely->store, &carried)); /* an entry more than Birk has */
    assert_err(ERR_FORMAT, roster_import(birk->store, (struct bytes){0}, &new_n));
    assert_err(ERR_FORMAT,
               roster_import(birk->store, (struct bytes){carried.data, carried.size - 1}, &new_n));
    carried.data[carried.size - 1] ^= 1;
    assert_int_not_equal(roster_import(birk->store, buffer_view(&carried), &new_n), OK);
    carried.data[carried.size - 1] ^= 1;
    struct federation other;
    federation_found_four(&other);
    assert_int_not_equal(roster_import(other.sites[1].store, buffer_view(&carried), &new_n), OK);
    assert_int_equal(new_n, 7);
    assert_ok(roster_import(birk->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 1);
    buffer_done(&carried);
    federation_end(&other);
    federation_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_municipality_put_back_to_its_founding_waits_for_a_word_and_gets_its_roster_by_hand),
        cmocka_unit_test(
            a_municipality_put_back_to_before_the_ticket_answers_the_same_join_by_its_roster),
        cmocka_unit_test(
            a_municipality_put_back_to_before_the_join_answers_the_same_join_by_its_roster),
        cmocka_unit_test(
            a_site_that_a_restored_municipality_has_forgotten_goes_on_with_another_ticket),
        cmocka_unit_test(what_is_no_roster_of_this_federation_is_not_brought_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
