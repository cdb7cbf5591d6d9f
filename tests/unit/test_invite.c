/* Invitations: whom a ticket names, how long it is good, and taking it back. */
#include "doorstep.h"
#include "test.h"

TEST(a_name_is_invited_once) {
    struct doorstep d;
    struct buffer text = {0};
    doorstep_begin(&d);
    assert_err(ERR_EXISTS,
               roster_invite(d.town->store, "Birk", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_err(ERR_EXISTS,
               roster_invite(d.town->store, "Nordby", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_err(ERR_ARGUMENT, roster_invite(d.town->store, "", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_err(ERR_ARGUMENT,
               roster_invite(d.town->store, "Ny", ROLE_MUNICIPALITY, d.f.now + 1000, &text));
    assert_err(ERR_DENIED, roster_invite(d.site->store, "Ny", ROLE_SCHOOL, d.f.now + 1000, &text));
    d.f.now += 20000; /* the open ticket has expired */
    assert_ok(roster_invite(d.town->store, "Birk", ROLE_SCHOOL, d.f.now + 1000, &text));
    buffer_wipe(&text);
    doorstep_end(&d);
}

TEST(a_ticket_expires_by_the_issuers_clock_but_not_once_used) {
    struct doorstep d;
    doorstep_begin(&d);
    time_ms before = d.f.now;
    d.f.now += 20000;
    assert_err(ERR_TICKET_EXPIRED,
               roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    d.f.now = before;
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    d.f.now += 20000;
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    doorstep_end(&d);
}

TEST(a_withdrawn_ticket_admits_nobody_whatever_the_clock_and_a_used_one_is_not_withdrawn) {
    struct doorstep d;
    struct buffer again = {0};
    doorstep_begin(&d);
    assert_err(ERR_EXISTS,
               roster_invite(d.town->store, "Birk", ROLE_KINDERGARTEN, d.f.now + 9000, &again));
    assert_err(ERR_NOT_FOUND, roster_uninvite(d.town->store, "Solsikken"));
    assert_ok(roster_uninvite(d.town->store, "Birk"));
    assert_err(ERR_NOT_FOUND, roster_uninvite(d.town->store, "Birk"));
    time_ms before = d.f.now;
    d.f.now = 1000;
    assert_err(ERR_TICKET_EXPIRED,
               roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    d.f.now = before;
    assert_ok(roster_invite(d.town->store, "Birk", ROLE_KINDERGARTEN, d.f.now + 9000, &again));
    buffer_done(&again);
    doorstep_end(&d);
    doorstep_begin(&d);
    doorstep_join(&d);
    assert_err(ERR_NOT_FOUND, roster_uninvite(d.town->store, "Birk"));
    doorstep_end(&d);
}

TEST(a_ticket_opens_the_door_until_a_month_after_its_end_and_no_longer) {
    struct doorstep d;
    bool known = false;
    doorstep_begin(&d);
    doorstep_join(&d);
    d.f.now += TICKET_TOLD_MS - 60000;
    assert_ok(roster_is_ticket(d.town->store, &d.request.ticket, &known));
    assert_true(known); /* used, and expires later than that */
    d.f.now += 86400000 + 120000;
    assert_ok(roster_is_ticket(d.town->store, &d.request.ticket, &known));
    assert_false(known);
    doorstep_end(&d);
    doorstep_begin(&d);
    assert_ok(roster_uninvite(d.town->store, "Birk"));
    assert_ok(roster_is_ticket(d.town->store, &d.request.ticket, &known));
    assert_true(known);
    d.f.now += TICKET_TOLD_MS;
    assert_ok(roster_is_ticket(d.town->store, &d.request.ticket, &known));
    assert_false(known);
    doorstep_end(&d);
}

static enum err count_invitation(void *context, const struct invitation *invitation) {
    size_t *n = context;
    n[invitation->used ? 1 : 0]++;
    return OK;
}

TEST(invitations_are_listed_open_and_used) {
    struct doorstep d;
    size_t n[2] = {0};
    doorstep_begin(&d);
    assert_ok(roster_invitations(d.town->store, count_invitation, n));
    assert_int_equal(n[0], 1);
    doorstep_join(&d);
    n[0] = n[1] = 0;
    assert_ok(roster_invitations(d.town->store, count_invitation, n));
    assert_int_equal(n[0], 0);
    assert_int_equal(n[1], 1);
    doorstep_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_invited_once),
        cmocka_unit_test(a_ticket_expires_by_the_issuers_clock_but_not_once_used),
        cmocka_unit_test(
            a_withdrawn_ticket_admits_nobody_whatever_the_clock_and_a_used_one_is_not_withdrawn),
        cmocka_unit_test(a_ticket_opens_the_door_until_a_month_after_its_end_and_no_longer),
        cmocka_unit_test(invitations_are_listed_open_and_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
