/* Everything that can fail around the store, fails: while a home is made, a federation founded or
 * joined, a store opened and closed. */
#include "offer.h"
#include "proto/limits.h"
#include "store/admit.h"
#include "store/apply.h"
#include "store/collection.h"
#include "store/feed_row.h"
#include "store/home.h"
#include "store/record.h"
#include "store/replica.h"
#include "store/roster.h"
#include "sweep.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

/* An attempt under one fault after another, until it gets by untouched; whatever has failed, it
 * then succeeds. */
static void attempts(const char *what, enum err (*attempt)(void *context),
                     void (*prepare)(void *context), void *context) {
    unsigned failed = 0;
    for (enum fault fault = FAULT_STATEMENT; fault < FAULT_KINDS; fault++) {
        bool struck = fault != FAULT_DAMAGE; /* may read as another that is as good */
        for (unsigned n = 1; struck; n = sweep_next(n)) {
            prepare(context);
            fault_arm(fault, n);
            enum err e = attempt(context);
            struck = fault_disarm();
            failed += struck && e != OK;
            if (!struck && e != OK)
                fail_msg("%s, %s %u: %s", what, fault_name(fault), n, err_name(e));
            if (struck && (e = attempt(context)) != OK)
                fail_msg("%s, after %s %u: %s", what, fault_name(fault), n, err_name(e));
        }
    }
    print_message("%s: %u faults\n", what, failed);
    assert_true(failed > 2);
}

struct opening {
    struct federation f;
    struct site *site;
    struct store_config config;
    struct hash digest;
    char prepared[400], prepared_generation[400];
    bool writes;
};

static enum err open_and_close(void *context) {
    struct opening *o = context;
    struct store *store = NULL;
    enum err e = store_open(&o->config, &store);
    if (e == OK && o->writes) {
        struct record_id record = {{1}};
        e = local_put(store, &record, "likes", bytes_of_text("dinosaurs"));
    }
    store_close(store);
    return e;
}

static void remove_database(void *context) {
    struct opening *o = context;
    char path[400];
    static const char *const endings[] = {"", "-wal", "-journal"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", o->config.path, endings[i]);
        unlink(path);
    }
    if (o->config.generation != NULL)
        unlink(o->config.generation);
}

static void put_back(void *context) {
    struct opening *o = context;
    remove_database(o);
    temp_copy(o->prepared, o->config.path);
    temp_copy(o->prepared_generation, o->config.generation);
}

static void opening_begin(struct opening *o) {
    memset(o, 0, sizeof *o);
    o->site = federation_found(&o->f);
    site_close(o->site);
    snprintf(o->site->generation, sizeof o->site->generation, "%.250s/generation", o->f.folder);
    site_open(o->site);
    MUST(store_digest(o->site->store, &o->digest));
    site_close(o->site);
    o->config = (struct store_config){.path = o->site->path,
                                      .keys = &o->site->keys,
                                      .place = o->site->place,
                                      .disk = o->site->disk,
                                      .generation = o->site->generation};
    snprintf(o->prepared, sizeof o->prepared, "%s-prepared", o->site->path);
    snprintf(o->prepared_generation, sizeof o->prepared_generation, "%s-prepared",
             o->site->generation);
    temp_copy(o->site->path, o->prepared);
    temp_copy(o->site->generation, o->prepared_generation);
}

static void opening_end(struct opening *o) {
    struct hash digest;
    site_open(o->site);
    MUST(store_digest(o->site->store, &digest));
    assert_memory_equal(&digest, &o->digest, sizeof digest);
    federation_end(&o->f);
}

TEST(a_store_opens_or_says_why_not_and_opens_the_next_time) {
    struct opening o;
    opening_begin(&o);
    o.writes = true;
    attempts("opening, writing and closing", open_and_close, put_back, &o);
    o.config.place.bytes[5]++;
    o.config.disk.bytes[5]++;
    attempts("opening on another disk", open_and_close, put_back, &o);
    o.config.place = o.config.disk = (struct hash){{0}};
    attempts("opening where the system is asked", open_and_close, put_back, &o);
    put_back(&o);
    opening_end(&o);
}

static int barred_n(struct opening *o, bool forget) {
    struct store *store = NULL;
    MUST(store_open(&o->config, &store));
    if (forget)
        MUST(db_execute(store->db, "UPDATE feed SET barred = 0"));
    sqlite3_stmt *get = db_statement(store->db, "SELECT count(*) FROM feed WHERE barred = 1");
    bool row = false;
    MUST(db_row(store->db, get, &row));
    int n = sqlite3_column_int(get, 0);
    db_reset(get);
    store_close(store);
    return n;
}

TEST(what_can_not_be_looked_at_is_never_taken_for_a_copy) {
    static const enum fault kinds[] = {FAULT_FILE, FAULT_DATABASE, FAULT_READING, FAULT_MEMORY};
    struct opening o;
    opening_begin(&o);
    o.config.place = o.config.disk = (struct hash){{0}};
    assert_int_equal(barred_n(&o, true), 0); /* the system calls the disk by another name */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool struck = true;
        for (unsigned n = 1; struck; n = sweep_next(n)) {
            struct store *store = NULL;
            fault_arm(kinds[i], n);
            enum err e = store_open(&o.config, &store);
            struck = fault_disarm();
            store_close(store);
            if (barred_n(&o, false) != 0)
                fail_msg("after %s %u, %s: a feed is barred", fault_name(kinds[i]), n, err_name(e));
        }
    }
    federation_end(&o.f);
}

TEST(a_store_is_made_or_not_and_the_next_time_it_is) {
    struct opening o;
    opening_begin(&o);
    attempts("making a store", open_and_close, remove_database, &o);
    put_back(&o);
    opening_end(&o);
}

struct housing {
    char folder[256], path[300];
};

static enum err move_in(void *context) {
    struct housing *housing = context;
    struct home home;
    enum err e = home_open(housing->path, true, &home);
    if (e != OK)
        return e;
    if (home.keys == NULL)
        e = home_create_keys(&home);
    home_close(&home);
    return e;
}

static enum err move_in_and_out(void *context) {
    struct housing *housing = context;
    struct home home;
    enum err e = home_open(housing->path, true, &home);
    if (e != OK)
        return e;
    if ((e = home_create_keys(&home)) == OK)
        home_discard(&home);
    home_close(&home);
    return e == ERR_EXISTS ? OK : e;
}

static void tear_down(void *context) {
    struct housing *housing = context;
    temp_remove(housing->path);
}

static void furnish(void *context) {
    tear_down(context);
    MUST(move_in(context));
}

TEST(a_home_is_made_and_opened_or_the_next_time_it_is) {
    struct housing housing;
    temp_folder(housing.folder);
    snprintf(housing.path, sizeof housing.path, "%s/a", housing.folder);
    attempts("making a home", move_in, tear_down, &housing);
    attempts("opening a home", move_in, furnish, &housing);
    attempts("a home that is given up", move_in_and_out, tear_down, &housing);
    temp_remove(housing.folder);
}

static const char *const endpoints[] = {"tcp://192.0.2.1:7700"};

static enum err found(struct site *site, void *context, struct hasher *out) {
    struct federation *f = context;
    struct federation_id id;
    (void)out;
    return roster_found(site->store, "Nordby", &f->root, endpoints, 1, &id);
}

static enum err invite(struct site *site, void *context, struct hasher *out) {
    struct federation *f = context;
    struct buffer text = {0};
    (void)out;
    enum err e =
        roster_invite(site->store, "Solsikken", ROLE_KINDERGARTEN, f->now + 86400000, &text);
    assert_int_equal(text.size > 0, e == OK);
    buffer_wipe(&text);
    return e;
}

struct joining {
    struct buffer text;
    struct arena arena;
    struct ticket ticket;
    struct join_request request;
};

static enum err join_begin(struct site *site, void *context, struct hasher *out) {
    struct joining *j = context;
    (void)out;
    return roster_join_begin(site->store, (const char *)j->text.data, endpoints, 1);
}

static enum err join_pending(struct site *site, void *context, struct hasher *out) {
    struct arena arena;
    struct ticket ticket;
    struct join_request request;
    (void)context;
    arena_init(&arena, KIB(256));
    enum err e = roster_join_pending(site->store, &arena, &ticket, &request);
    if (e == OK)
        hasher_add(out, &ticket.member, sizeof ticket.member);
    arena_done(&arena);
    return e;
}

static enum err join(struct site *site, void *context, struct hasher *out) {
    struct joining *j = context;
    struct roster_tip tip;
    (void)out;
    return roster_join(site->store, &j->request.ticket, &j->request, &tip);
}

static enum err join_answered(struct site *site, void *context, struct hasher *out) {
    (void)context;
    (void)out;
    return roster_join_answered(site->store);
}

struct offered {
    struct site *from;
    struct roster_tip tip;
    struct buffer run;
};

static enum err first_roster(struct site *site, void *context, struct hasher *out) {
    const struct offered *offered = context;
    struct admitted admitted = {0};
    enum err e = admit_run(site->store, &offered->from->member, &offered->tip.feed,
                           buffer_view(&offered->run), &admitted);
    hasher_add_u64(out, admitted.new_n);
    return e;
}

static enum err import(struct site *site, void *context, struct hasher *out) {
    size_t new_n = 0;
    enum err e = roster_import(site->store, buffer_view(context), &new_n);
    hasher_add_u64(out, new_n);
    return e;
}

static enum err address(struct site *site, void *context, struct hasher *out) {
    bool changed = false;
    enum err e = roster_address(site->store, context, endpoints, 1, &changed);
    hasher_add_u64(out, changed);
    return e;
}

TEST(a_federation_is_founded_and_joined_whole_or_not_at_all) {
    struct federation f;
    struct joining j = {.text = {0}};
    struct buffer roster = {0};
    struct site *town = federation_found(&f), *birk, *other;
    arena_init(&j.arena, KIB(256));
    other = federation_stranger(&f, "Sønderby", ROLE_MUNICIPALITY);
    sweep("founding", &(struct sweep){.site = other, .work = found, .context = &f, .is_new = true});
    sweep("inviting", &(struct sweep){.site = town, .work = invite, .context = &f, .is_new = true});
    birk = federation_stranger(&f, "Birk", ROLE_KINDERGARTEN);
    MUST(roster_invite(town->store, "Birk", ROLE_KINDERGARTEN, f.now + 864000000, &j.text));
    sweep("beginning to join",
          &(struct sweep){.site = birk, .work = join_begin, .context = &j, .is_new = true});
    MUST(roster_join_begin(birk->store, (const char *)j.text.data, endpoints, 1));
    MUST(roster_join_pending(birk->store, &j.arena, &j.ticket, &j.request));
    sweep("what is under way", &(struct sweep){.site = birk, .work = join_pending});
    sweep("being let in",
          &(struct sweep){.site = town, .work = join, .context = &j, .is_new = true});
    MUST(join(town, &j, NULL));
    sweep("having been let in", &(struct sweep){.site = birk, .work = join_answered});
    MUST(roster_join_answered(birk->store));
    struct offered offered = {.from = town};
    MUST(roster_tip(town->store, &offered.tip));
    MUST(feed_load(town->store, &offered.tip.feed, 0, NULL, RUN_SIZE_MAX, &offered.run));
    sweep("the first roster",
          &(struct sweep){.site = birk, .work = first_roster, .context = &offered});
    MUST(first_roster(birk, &offered, &(struct hasher){0}));
    MUST(invite(town, &f, NULL));
    federation_join(&f, "Egely", ROLE_SCHOOL);
    MUST(roster_export(town->store, &roster));
    sweep("a roster by hand", &(struct sweep){.site = birk, .work = import, .context = &roster});
    buffer_done(&offered.run);
    sweep("an address",
          &(struct sweep){
              .site = town, .work = address, .context = &j.ticket.member, .is_new = true});
    arena_done(&j.arena);
    buffer_wipe(&j.text);
    buffer_done(&roster);
    federation_end(&f);
}

static enum err report(struct site *site, void *context, struct hasher *out) {
    const struct feed_info *feed = context;
    struct id8 id8 = envelope_id8(&feed->head.id);
    bool confirmed = false;
    enum err e = store_begin(site->store);
    if (e != OK)
        return e;
    e = feed_reported(site->store, &site->federation->sites[0].member, &feed->id, feed->head.seq,
                      &id8);
    if (e == OK)
        e = feed_settle(site->store, &feed->id, &confirmed);
    hasher_add_u64(out, confirmed);
    if (e == OK)
        return store_commit(site->store);
    store_rollback(site->store);
    return e;
}

static enum err forget(struct site *site, void *context, struct hasher *out) {
    enum err e = store_begin(site->store);
    (void)context;
    (void)out;
    if (e != OK)
        return e;
    if ((e = apply_forget(site->store, *(int64_t *)context, 1)) == OK)
        return store_commit(site->store);
    store_rollback(site->store);
    return e;
}

TEST(an_own_feed_is_confirmed_or_not_after_a_restart) {
    struct scene s;
    struct feed_row *row = NULL;
    offer_begin(&s);
    s.feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    site_move(s.birk);
    sweep("a head that is reported",
          &(struct sweep){.site = s.birk, .work = report, .context = &s.feed, .nests = true});
    MUST(feed_row_find(s.school->store, &s.feed.id, &row));
    int64_t number = row->row;
    sweep(
        "what was merged, forgotten",
        &(struct sweep){
            .site = s.school, .work = forget, .context = &number, .nests = true, .unsound = true});
    scene_end(&s);
}

/* What the disk had no room to say is tried again as the transaction begins, and fails again. */
TEST(a_word_about_an_own_feed_is_heard_while_the_disk_is_full) {
    struct scene s;
    bool confirmed = false, lost = false;
    offer_begin(&s);
    s.feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct id8 head = envelope_id8(&s.feed.head.id), other = {{1}};
    site_close(s.birk);
    snprintf(s.birk->generation, sizeof s.birk->generation, "%.250s/generation", s.f.folder);
    s.birk->place.bytes[5]++;
    fault_arm(FAULT_DISK_FULL, 1);
    site_open(s.birk);
    assert_ok(feed_reported(s.birk->store, &s.town->member, &s.feed.id, s.feed.head.seq, &head));
    assert_ok(feed_find(s.birk->store, &s.feed.id, &s.feed));
    assert_ok(feed_settle(s.birk->store, &s.feed.id, &confirmed));
    assert_ok(feed_find(s.birk->store, &s.feed.id, &s.feed));
    assert_err(ERR_DISK_FULL,
               feed_proved(s.birk->store, &s.feed.id, s.feed.head.seq, &other, &lost));
    assert_true(fault_disarm());
    assert_ok(feed_settle(s.birk->store, &s.feed.id, &confirmed));
    assert_true(confirmed);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_opens_or_says_why_not_and_opens_the_next_time),
        cmocka_unit_test(what_can_not_be_looked_at_is_never_taken_for_a_copy),
        cmocka_unit_test(a_store_is_made_or_not_and_the_next_time_it_is),
        cmocka_unit_test(a_home_is_made_and_opened_or_the_next_time_it_is),
        cmocka_unit_test(a_federation_is_founded_and_joined_whole_or_not_at_all),
        cmocka_unit_test(an_own_feed_is_confirmed_or_not_after_a_restart),
        cmocka_unit_test(a_word_about_an_own_feed_is_heard_while_the_disk_is_full),
    };
    fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
