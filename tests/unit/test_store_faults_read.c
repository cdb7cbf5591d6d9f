/* Everything that can fail around the store, fails: what is asked of it, and what a node notes for
 * itself. */
#include "offer.h"
#include "proto/limits.h"
#include "store/acks.h"
#include "store/answers.h"
#include "store/check.h"
#include "store/collection.h"
#include "store/news.h"
#include "store/record.h"
#include "sweep.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

/* A scene in which there is something of everything to read: a conflict, drafts, answers,
 * statements, a fork. */
struct library {
    struct scene s;
    struct record_id survey;
    struct hasher *out; /* of the work under way */
};

static void import_answers(struct library *l, uint8_t mark) {
    struct buffer encoded = {0};
    struct answer_reply reply = {.question = 1, .choice = 2};
    struct channel channel;
    struct version_name written;
    MUST(answer_encode(&reply, 1, &encoded));
    struct bytes answers[2] = {buffer_view(&encoded), buffer_view(&encoded)};
    struct change_set set = {
        .actor_name = "",
        .actor_function = "",
        .has_answers = true,
        .answers = {
            .survey = l->survey, .mark = {{mark}}, .parts = 1, .answers = answers, .answers_n = 2}};
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    MUST(append_change(l->s.birk->store,
                       &(struct change){.channel = channel, .sets = &set, .sets_n = 1}, &written));
    MUST(import_put(
        l->s.birk->store,
        &(struct import){.mark = {{mark}}, .survey = l->survey, .answers = 2, .last = written}));
    buffer_done(&encoded);
}

static void publish(struct library *l) {
    struct channel notice;
    struct version_name written;
    MUST(channel_make(CHANNEL_NOTICE, NULL, NULL, &notice));
    MUST(try_write(l->s.town, &notice, COLLECTION_SURVEY, &l->survey, SURVEY_TITLE, "Trivsel", NULL,
                   &written));
    /* More than a page of the database holds. */
    char text[20000];
    snprintf(text, sizeof text, "[\"%019000d\"]", 0);
    MUST(try_write(l->s.town, &notice, COLLECTION_SURVEY, &l->survey, SURVEY_QUESTIONNAIRE, text,
                   NULL, &written));
}

static void library_open(struct library *l) {
    struct scene *s = &l->s;
    struct admitted admitted;
    memset(l, 0, sizeof *l);
    offer_begin(s);
    l->survey = record_of(s->town);
    publish(l);
    write_field(s->birk, &s->channel, &s->record, HANDOVER_CHILD_NAME, "Alma Holm", &s->first);
    write_field(s->birk, &s->channel, &s->record, HANDOVER_CHILD_NAME, "Alma B.", &s->first);
    write_field(s->school, &s->channel, &s->record, 50, "12 August", NULL);
    import_answers(l, 7);
    import_answers(l, 8);
    MUST(local_put(s->birk->store, &s->record, "likes", bytes_of_text("dinosaurs")));
    MUST(local_put(s->birk->store, &s->record, "fears", bytes_of_text("bees")));
    sync_all(&s->f);
    sync_statements(s->birk, s->school);
    sync_statements(s->birk, s->town);
    forge_next(&s->forge);
    forge_sign(&s->forge, NULL, &s->run);
    assert_err(ERR_FORK, offer(s, s->school, &admitted));
}

static enum err tell_record(void *context, const struct record_id *id) {
    struct library *l = context;
    hasher_add(l->out, id, sizeof *id);
    return OK;
}

static enum err tell_fields(struct library *l, struct site *site, struct arena *arena) {
    struct record record;
    enum err e = record_load(site->store, COLLECTION_HANDOVER, &l->s.record, arena, &record);
    for (size_t i = 0; e == OK && i < record.fields_n; i++) {
        const char *text = record_text_of(&record, record.fields[i].number, arena);
        if (text == NULL)
            return ERR_MEMORY;
        hasher_add(l->out, text, strlen(text) + 1);
        hasher_add_u64(l->out, record.fields[i].live_n);
    }
    return e;
}

static enum err tell_history(struct library *l, struct site *site, struct arena *arena) {
    const struct past_version *past;
    size_t n = 0;
    enum err e = record_history(site->store, COLLECTION_HANDOVER, &l->s.record, HANDOVER_CHILD_NAME,
                                arena, &past, &n);
    for (size_t i = 0; e == OK && i < n; i++)
        hasher_add(l->out, past[i].version.value.data, past[i].version.value.size);
    return e;
}

static enum err read_records(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    struct record_id found;
    struct arena arena;
    char text[ID_TEXT_MAX];
    l->out = out;
    arena_init(&arena, KIB(1024));
    record_text(&l->s.record, text);
    enum err e = record_each(site->store, COLLECTION_HANDOVER, tell_record, l);
    if (e == OK)
        e = record_find(site->store, COLLECTION_HANDOVER, text, &found);
    if (e == OK)
        e = tell_fields(l, site, &arena);
    if (e == OK)
        e = tell_history(l, site, &arena);
    arena_done(&arena);
    return e;
}

struct conflicts {
    struct conflict list[4];
    size_t n;
};

static enum err note_conflict(void *context, const struct conflict *conflict) {
    struct conflicts *conflicts = context;
    if (conflicts->n < 4)
        conflicts->list[conflicts->n++] = *conflict;
    return OK;
}

static enum err read_conflicts(struct site *site, void *context, struct hasher *out) {
    struct conflicts conflicts = {.n = 0};
    struct conflict found;
    struct version base;
    struct arena arena;
    char text[ID_TEXT_MAX];
    (void)context;
    arena_init(&arena, KIB(1024));
    enum err e = conflict_each(site->store, note_conflict, &conflicts);
    hasher_add_u64(out, conflicts.n);
    for (size_t i = 0; e == OK && i < conflicts.n; i++) {
        id_text(conflicts.list[i].id.bytes, sizeof conflicts.list[i].id.bytes, text);
        e = conflict_find(site->store, text, &found);
        if (e == OK)
            e = conflict_base(site->store, &found, &arena, &base);
        if (e == OK)
            hasher_add(out, base.value.data, base.value.size);
    }
    arena_done(&arena);
    return e;
}

TEST(records_and_conflicts_are_told_whole_or_not_at_all) {
    struct library l;
    library_open(&l);
    sweep("records", &(struct sweep){.site = l.s.school, .work = read_records, .context = &l});
    sweep("conflicts", &(struct sweep){.site = l.s.school, .work = read_conflicts});
    scene_end(&l.s);
}

static enum err put_draft(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    (void)out;
    enum err e = local_put(site->store, &l->s.record, "likes", bytes_of_text("football"));
    return e == OK ? local_put(site->store, &l->s.record, "fears", (struct bytes){0}) : e;
}

static enum err tell_draft(void *context, const struct record_id *record, const char *key,
                           struct bytes value) {
    (void)record;
    hasher_add(context, key, strlen(key) + 1);
    hasher_add(context, value.data, value.size);
    return OK;
}

static enum err read_drafts(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    struct buffer value = {0};
    enum err e = local_get(site->store, &l->s.record, "likes", &value);
    if (e == OK)
        e = local_each(site->store, &l->s.record, tell_draft, out);
    if (e == OK)
        e = local_each(site->store, NULL, tell_draft, out);
    buffer_done(&value);
    return e;
}

/* Two changes, each of its own: the caller puts them in one transaction. */
static enum err put_drafts(struct site *site, void *context, struct hasher *out) {
    enum err e = store_begin(site->store);
    if (e != OK)
        return e;
    if ((e = put_draft(site, context, out)) == OK)
        return store_commit(site->store);
    store_rollback(site->store);
    return e;
}

TEST(drafts_are_kept_and_told_whole_or_not_at_all) {
    struct library l;
    library_open(&l);
    sweep("drafts", &(struct sweep){.site = l.s.birk, .work = read_drafts, .context = &l});
    sweep("a draft",
          &(struct sweep){
              .site = l.s.birk, .work = put_drafts, .context = &l, .is_new = true, .nests = true});
    scene_end(&l.s);
}

static enum err tell_count(void *context, const struct answers_count *count) {
    hasher_add_u64(context, count->answers);
    hasher_add_u64(context, count->imports);
    hasher_add_u64(context, count->late);
    return OK;
}

static enum err tell_answer(void *context, const struct member_id *member, struct bytes answer) {
    hasher_add(context, member, sizeof *member);
    hasher_add(context, answer.data, answer.size);
    return OK;
}

static enum err read_answers(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    const struct version_name *heads;
    size_t n = 0, left_out = 0;
    struct arena arena;
    arena_init(&arena, KIB(1024));
    enum err e = answers_heads(site->store, &l->survey, 16, &arena, &heads, &n, &left_out);
    hasher_add_u64(out, n);
    if (e == OK)
        e = answers_counts(site->store, &l->survey, heads, n, tell_count, out);
    if (e == OK)
        e = answers_each(site->store, &l->survey, heads, n, tell_answer, out);
    if (e == OK)
        e = answers_each(site->store, &l->survey, NULL, 0, tell_answer, out);
    arena_done(&arena);
    return e;
}

static enum err tell_import(void *context, const struct import *import) {
    hasher_add(context, import->mark.bytes, sizeof import->mark.bytes);
    hasher_add_u64(context, import->answers);
    return OK;
}

static enum err read_imports(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    return import_each(site->store, &l->survey, tell_import, out);
}

static enum err put_import(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    (void)out;
    return import_put(site->store,
                      &(struct import){.mark = {{9}}, .survey = l->survey, .answers = 3});
}

TEST(answers_are_told_whole_or_not_at_all) {
    struct library l;
    library_open(&l);
    sweep("answers", &(struct sweep){.site = l.s.town, .work = read_answers, .context = &l});
    sweep("imports", &(struct sweep){.site = l.s.birk, .work = read_imports, .context = &l});
    sweep("an import", &(struct sweep){.site = l.s.birk, .work = put_import, .context = &l});
    scene_end(&l.s);
}

static enum err tell_entry(void *context, const struct feed_info *feed,
                           const struct entry_info *entry) {
    (void)feed;
    hasher_add(context, entry->envelope.data, entry->envelope.size);
    return OK;
}

struct telling {
    struct site *site;
    struct hasher *out;
};

static enum err tell_feed(void *context, const struct feed_info *feed) {
    struct telling *telling = context;
    struct buffer run = {0};
    hasher_add(telling->out, &feed->head.id, sizeof feed->head.id);
    enum err e = feed_load(telling->site->store, &feed->id, 0, NULL, RUN_SIZE_MAX, &run);
    hasher_add_u64(telling->out, run.size);
    if (e == OK)
        e = feed_entries(telling->site->store, &feed->id, 1, tell_entry, telling->out);
    buffer_done(&run);
    return e;
}

static enum err read_feeds(struct site *site, void *context, struct hasher *out) {
    (void)context;
    return feed_each(site->store, tell_feed, &(struct telling){site, out});
}

static enum err tell_thing(void *context, const struct quarantined *thing) {
    hasher_add(context, thing->text, strlen(thing->text));
    hasher_add_u64(context, thing->kind);
    return OK;
}

static enum err read_quarantine(struct site *site, void *context, struct hasher *out) {
    (void)context;
    return quarantine_each(site->store, tell_thing, out);
}

TEST(feeds_are_told_whole_or_not_at_all) {
    struct library l;
    library_open(&l);
    sweep("feeds", &(struct sweep){.site = l.s.school, .work = read_feeds});
    sweep("the quarantine", &(struct sweep){.site = l.s.school, .work = read_quarantine});
    scene_end(&l.s);
}

static enum err tell_ack(void *context, const struct ack_info *ack) {
    hasher_add(context, ack->statement.data, ack->statement.size);
    return OK;
}

static enum err read_statements(struct site *site, void *context, struct hasher *out) {
    struct library *l = context;
    const struct site *sites[] = {l->s.town, l->s.school, l->s.relay};
    struct standing standing;
    uint64_t left = 0, waiting = 0;
    bool read = false, restored = false, covers = false;
    time_ms stored = 0;
    enum err e = acks_each(site->store, tell_ack, out);
    for (size_t i = 0; e == OK && i < 3; i++)
        if ((e = acks_standing(site->store, &sites[i]->member, &standing)) == OK) {
            hasher_add_u64(out, standing.has);
            hasher_add_u64(out, standing.of);
            hasher_add_u64(out, standing.lacks_own);
        }
    if (e == OK)
        e = acks_all_read(site->store, &read, &left);
    if (e == OK)
        e = acks_restored(site->store, &restored);
    if (e == OK)
        e = acks_said(site->store, &l->s.school->member, &stored, &waiting);
    if (e == OK)
        e = acks_covers(site->store, &l->s.school->member, &l->s.feed.id, 1, &covers, &stored);
    hasher_add_u64(out, left * 8 + read * 4 + restored * 2 + covers);
    return e;
}

static enum err tell_member(void *context, const struct roster_entry *entry) {
    hasher_add(context, entry->name, strlen(entry->name));
    return OK;
}

static enum err tell_said(void *context, const struct roster_said *said) {
    hasher_add_u64(context, said->word);
    return OK;
}

static enum err tell_invitation(void *context, const struct invitation *invitation) {
    hasher_add(context, invitation->name, strlen(invitation->name));
    return OK;
}

static enum err read_roster(struct site *site, void *context, struct hasher *out) {
    struct arena arena;
    struct roster_entry entry;
    struct roster_standing standing;
    struct buffer whole = {0};
    struct member_id member;
    const char *name;
    bool known = false;
    (void)context;
    arena_init(&arena, KIB(1024));
    enum err e = roster_each(site->store, tell_member, out);
    if (e == OK)
        e = roster_by_transport(site->store, &site->keys.public.transport, &member);
    if (e == OK)
        e = roster_member(site->store, &member, UINT64_MAX, &arena, &entry);
    if (e == OK)
        e = roster_federation_name(site->store, &arena, &name);
    if (e == OK)
        e = roster_invitations(site->store, tell_invitation, out);
    if (e == OK)
        e = roster_is_ticket(site->store, &site->keys.public.transport, &known);
    if (e == OK)
        e = roster_standing(site->store, &standing);
    if (e == OK)
        e = roster_said_each(site->store, tell_said, out);
    if (e == OK)
        e = roster_export(site->store, &whole);
    if (e == OK)
        hasher_add(out, whole.data, whole.size);
    buffer_done(&whole);
    arena_done(&arena);
    return e;
}

TEST(statements_and_the_roster_are_told_whole_or_not_at_all) {
    struct library l;
    library_open(&l);
    sweep("statements", &(struct sweep){.site = l.s.birk, .work = read_statements, .context = &l});
    sweep("the roster", &(struct sweep){.site = l.s.town, .work = read_roster});
    scene_end(&l.s);
}

static enum err digest(struct site *site, void *context, struct hasher *out) {
    struct hash hash = {{0}};
    (void)context;
    enum err e = store_digest(site->store, &hash);
    if (e == OK)
        hasher_add(out, hash.bytes, sizeof hash.bytes);
    return e;
}

struct verifying {
    struct hasher *out;
    unsigned unread;
};

static void tell_finding(void *context, const struct check_finding *finding) {
    struct verifying *verifying = context;
    if (finding->error == ERR_IO)
        verifying->unread++;
    else
        hasher_add(verifying->out, finding->text, strlen(finding->text));
}

static enum err verify(struct site *site, void *context, struct hasher *out) {
    struct check *check = NULL;
    bool done = false;
    uint64_t checked = 0, total = 0;
    struct verifying *verifying = context;
    verifying->out = out;
    enum err e = check_new(site->store, false, &check);
    while (e == OK && !done)
        e = check_step(check, 1000, tell_finding, verifying, &done, &checked, &total);
    hasher_add_u64(out, checked);
    check_free(check);
    return e;
}

static enum err search(struct site *site, void *context, struct hasher *out) {
    uint64_t opened = 0, hits = 0;
    (void)context;
    enum err e = check_search(site->store, &site->keys, "Alma", &opened, &hits);
    hasher_add_u64(out, opened);
    hasher_add_u64(out, hits);
    return e;
}

static enum err export(struct site *site, void *context, struct hasher *out) {
    char path[400]; (void)context; (void)out; snprintf(path, sizeof path, "%s-export", site->path);
    enum err e = check_export(site->store, path);
    bool there = access(path, F_OK) == 0;
    if (there != (e == OK)) fail_msg("the export returned %s, and its file is %s", err_name(e),
                                     there ? "there" : "not there");
    unlink(path);
    return e;
}

TEST(the_whole_replica_is_checked_searched_and_exported_or_an_error_says_why_not) {
    struct library l;
    struct verifying v;
    library_open(&l);
    sweep("a digest", &(struct sweep){.site = l.s.school, .work = digest});
    sweep("a check", &(struct sweep){.site = l.s.school, .work = verify, .context = &v, .unread = &v.unread});
    sweep("a check of answers",
          &(struct sweep){.site = l.s.town, .work = verify, .context = &v, .unread = &v.unread});
    sweep("a search", &(struct sweep){.site = l.s.school, .work = search});
    sweep("an export", &(struct sweep){.site = l.s.town, .work = export, .nests = true});
    scene_end(&l.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_conflicts_are_told_whole_or_not_at_all),
        cmocka_unit_test(drafts_are_kept_and_told_whole_or_not_at_all),
        cmocka_unit_test(answers_are_told_whole_or_not_at_all),
        cmocka_unit_test(feeds_are_told_whole_or_not_at_all),
        cmocka_unit_test(statements_and_the_roster_are_told_whole_or_not_at_all),
        cmocka_unit_test(
            the_whole_replica_is_checked_searched_and_exported_or_an_error_says_why_not),
    };
    fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
