/* A roster that may not be the newest: nobody is admitted until a member has said that it is, or,
 * of what may be an old copy, a person. */
#include "doorstep.h"
#include "store/feed.h"
#include "store/quarantine.h"
#include "test.h"

#include <stdio.h>

TEST(after_a_restart_nobody_is_enrolled_until_a_member_has_reported_the_tip) {
    struct doorstep d;
    struct buffer text = {0};
    struct roster_tip tip;
    doorstep_begin(&d);
    site_move(d.town); /* alone: nobody could report it */
    doorstep_join(&d);
    site_move(d.town);
    assert_err(ERR_STATE,
               roster_invite(d.town->store, "Egely", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_true(strlen(store_failure(d.town->store)) > 0);
    assert_ok(roster_tip(d.site->store, &tip));
    struct id8 wrong = tip.id8;
    wrong.bytes[0] ^= 1;
    assert_ok(feed_reported(d.town->store, &d.site->member, &tip.feed, tip.seq, &wrong));
    assert_err(ERR_STATE,
               roster_invite(d.town->store, "Egely", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_ok(feed_reported(d.town->store, &d.site->member, &tip.feed, tip.seq, &tip.id8));
    assert_ok(roster_invite(d.town->store, "Egely", ROLE_SCHOOL, d.f.now + 1000, &text));
    buffer_wipe(&text);
    doorstep_end(&d);
}

/* A municipality put back to before Solsikken joined, whom it does not know any more. */
struct restored {
    struct federation f;
    struct site *town, *birk, *school, *relay, *solsikken;
    struct roster_tip old, tip;
    struct buffer text;
};

static void restored_begin(struct restored *r) {
    memset(r, 0, sizeof *r);
    federation_found_four(&r->f);
    r->town = &r->f.sites[0];
    r->birk = &r->f.sites[1];
    r->school = &r->f.sites[2];
    r->relay = &r->f.sites[3];
    site_backup(r->town);
    assert_ok(roster_tip(r->town->store, &r->old));
    r->solsikken = federation_join(&r->f, "Solsikken", ROLE_KINDERGARTEN);
    assert_ok(roster_tip(r->town->store, &r->tip));
    site_restore(r->town, OTHER_BOOT | OTHER_DISK);
}

static void restored_end(struct restored *r) {
    buffer_wipe(&r->text);
    federation_end(&r->f);
}

static enum err try_invite(struct restored *r) {
    return roster_invite(r->town->store, "Egely", ROLE_SCHOOL, r->f.now + 86400000, &r->text);
}

/* Those who were admitted after the copy was made are not asked, so that the others' word is not
 * enough: the relay may have been put back with it. */
TEST(no_members_word_lets_a_restored_roster_go_on) {
    struct federation f;
    struct buffer text = {0};
    federation_found_four(&f);
    struct site *town = &f.sites[0], *birk = &f.sites[1], *school = &f.sites[2],
                *relay = &f.sites[3];
    struct roster_tip old, tip;
    site_backup(town);
    assert_ok(roster_tip(town->store, &old));
    federation_join(&f, "Solsikken", ROLE_KINDERGARTEN);
    sync_feeds(town, school); /* the others lag */
    assert_ok(roster_tip(school->store, &tip));
    site_restore(town, OTHER_BOOT | OTHER_DISK);
    assert_ok(feed_reported(town->store, &birk->member, &old.feed, old.seq, &old.id8));
    assert_ok(feed_reported(town->store, &relay->member, &old.feed, old.seq, &old.id8));
    time_ms expires = f.now + 86400000;
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(feed_reported(town->store, &school->member, &tip.feed, tip.seq, &tip.id8));
    assert_ok(feed_reported(town->store, &birk->member, &old.feed, old.seq, &old.id8));
    f.now += 61000;
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    sync_feeds(town, school);
    sync_feeds(town, birk);
    sync_feeds(town, relay);
    for (int i = 1; i < 4; i++) {
        assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
        assert_ok(feed_reported(town->store, &f.sites[i].member, &tip.feed, tip.seq, &tip.id8));
    }
    assert_ok(feed_reported(town->store, &f.sites[4].member, &tip.feed, tip.seq, &tip.id8));
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(roster_confirm(town->store, "Mette H.", "all have said the same"));
    assert_ok(roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    site_close(town);
    site_open(town);
    assert_ok(roster_invite(town->store, "Anden", ROLE_SCHOOL, expires, &text));
    buffer_wipe(&text);
    federation_end(&f);
}

struct heard {
    struct member_id member;
    struct roster_said said;
    size_t n;
};

static enum err hear(void *context, const struct roster_said *said) {
    struct heard *heard = context;
    if (member_id_equal(&said->member, &heard->member))
        heard->said = *said;
    heard->n++;
    return OK;
}

static struct roster_said said_by(struct site *town, const struct site *site) {
    struct heard heard = {.member = site->member};
    assert_ok(roster_said_each(town->store, hear, &heard));
    return heard.said;
}

static enum err last_incident(void *context, const struct quarantined *item) {
    if (item->kind == QUARANTINE_INCIDENT)
        snprintf(context, 400, "%s", item->text);
    return OK;
}

TEST(a_persons_word_lets_a_restored_roster_go_on_and_is_kept_with_who_and_why) {
    struct restored r;
    struct roster_standing standing;
    char text[400] = "";
    restored_begin(&r);
    assert_ok(feed_reported(r.town->store, &r.birk->member, &r.old.feed, r.old.seq, &r.old.id8));
    assert_err(ERR_STATE, try_invite(&r));
    assert_ok(roster_standing(r.town->store, &standing));
    assert_true(standing.restored && !standing.confirmed && standing.proved == 0);
    assert_int_equal(standing.others_n, 3);
    assert_int_equal(standing.confirmed_n, 1);
    assert_int_equal(said_by(r.town, r.birk).word, ROSTER_SAME);
    assert_true(said_by(r.town, r.birk).since_start);
    assert_false(said_by(r.town, r.school).since_start);
    assert_ok(roster_confirm(r.town->store, "Mette H., IT", "the school has burnt down"));
    assert_ok(quarantine_each(r.town->store, last_incident, text));
    assert_non_null(strstr(text, "Mette H., IT: the school has burnt down"));
    assert_non_null(strstr(text, "1 of 3"));
    assert_ok(try_invite(&r));
    assert_err(ERR_STATE, roster_confirm(r.town->store, "Mette H.", "again"));
    site_close(r.town);
    site_open(r.town);
    assert_ok(roster_standing(r.town->store, &standing));
    assert_true(standing.confirmed && !standing.restored);
    restored_end(&r);
}

TEST(no_persons_word_counts_against_this_nodes_own) {
    struct restored r;
    bool lost = false;
    size_t new_n = 0;
    struct buffer carried = {0};
    restored_begin(&r);
    assert_ok(feed_proved(r.town->store, &r.tip.feed, r.tip.seq, &r.tip.id8, &lost));
    assert_true(lost);
    assert_err(ERR_STALE, roster_confirm(r.town->store, "Mette H.", "sure"));
    assert_non_null(strstr(store_failure(r.town->store), "signed"));
    assert_err(ERR_STATE, try_invite(&r));
    /* What is missing is carried over by hand; then the word counts. */
    assert_ok(roster_export(r.solsikken->store, &carried));
    assert_ok(roster_import(r.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, r.tip.seq - r.old.seq);
    assert_ok(roster_import(r.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 0);
    assert_err(ERR_STATE, try_invite(&r));
    assert_ok(roster_confirm(r.town->store, "Mette H.", "all are asked"));
    assert_ok(try_invite(&r));
    sync_feeds(r.town, r.solsikken);
    buffer_done(&carried);
    restored_end(&r);
}

TEST(while_a_member_may_still_deliver_more_no_persons_word_is_taken) {
    struct restored r;
    restored_begin(&r);
    assert_ok(feed_reported(r.town->store, &r.birk->member, &r.tip.feed, r.tip.seq, &r.tip.id8));
    assert_int_equal(said_by(r.town, r.birk).word, ROSTER_MORE);
    assert_err(ERR_BUSY, roster_confirm(r.town->store, "Mette H.", "sure"));
    r.f.now += 61000; /* nobody delivers: hearsay bars nobody for ever */
    assert_ok(roster_confirm(r.town->store, "Mette H.", "Birk is broken"));
    assert_err(ERR_DENIED, roster_confirm(r.birk->store, "Ole R.", "me too"));
    restored_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_restart_nobody_is_enrolled_until_a_member_has_reported_the_tip),
        cmocka_unit_test(no_members_word_lets_a_restored_roster_go_on),
        cmocka_unit_test(a_persons_word_lets_a_restored_roster_go_on_and_is_kept_with_who_and_why),
        cmocka_unit_test(no_persons_word_counts_against_this_nodes_own),
        cmocka_unit_test(while_a_member_may_still_deliver_more_no_persons_word_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
