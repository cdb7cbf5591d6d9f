/* Writing in a handover before anything is sent: new, edit, list, template and forms. */
#include "stage.h"

#include "proto/limits.h"

#include <stdlib.h>

SCENE(a_draft_is_listed_with_the_childs_name_and_where_it_is_going) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const json_t *list = desk_call(&stage->mette, "handover", "list", NULL);
    assert_int_equal(json_array_size(at(list, "handovers")), 1);
    assert_string_equal(at_text(list, "handovers.0.child"), "Alma Unika");
    assert_string_equal(at_text(list, "handovers.0.from.name"), "Birk");
    assert_string_equal(at_text(list, "handovers.0.to.name"), "Søndre Skole");
    assert_string_equal(at_text(list, "handovers.0.state"), "draft");
    assert_int_equal(strlen(at_text(list, "handovers.0.short")), 3);
    assert_int_equal(strncmp(at_text(list, "handovers.0.short"), id, 3), 0);
    list = desk_call(&stage->ole, "handover", "list", NULL);
    assert_int_equal(json_array_size(at(list, "handovers")), 0);
}

SCENE(an_id_may_be_shortened_and_one_that_fits_many_lists_them) {
    STAGE(stage);
    char id[ID_TEXT_MAX], prefix[2];
    for (int i = 0; i < 40; i++) /* 32 first characters: two of forty share one */
        draft_alma(stage, id);
    const json_t *list = desk_call(&stage->mette, "handover", "list", NULL);
    json_t *kept = json_incref((json_t *)(uintptr_t)list);
    bool seen[128] = {false};
    prefix[0] = prefix[1] = '\0';
    const json_t *item;
    size_t i;
    json_array_foreach(at(kept, "handovers"), i, item) {
        const char *short_id = at_text(item, "short");
        assert_string_equal(at_text(show(&stage->mette, short_id), "id"), at_text(item, "id"));
        if (seen[(unsigned char)short_id[0]])
            prefix[0] = short_id[0];
        seen[(unsigned char)short_id[0]] = true;
    }
    json_decref(kept);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_AMBIGUOUS, "handover", "show", only_id(prefix));
    assert_true(json_array_size(at(reply->details, "candidates")) >= 2);
    assert_string_equal(at_text(reply->details, "candidates.0.name"), "Alma Unika");
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id("ZZZZZZZZZZ"));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id(""));
}

SCENE(values_are_checked_with_their_label_and_all_of_an_edit_or_nothing_is_kept) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                     json_pack("{s:s, s:{s:s, s:s}}", "id", id, "fields", "languages",
                               "dansk, arabisk", "born", "2018-02-30"));
    assert_non_null(strstr(reply->text, "Born"));
    assert_string_equal(at_text(reply->details, "field"), "born");
    assert_false(json_is_string(at(shown_field(show(&stage->mette, id), "languages"), "draft")));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "no_such_field", "x"));
    desk_call(&stage->mette, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", "languages", " dansk  "));
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "languages"), "draft"),
                        "dansk"); /* no blanks around a line */
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit", only_id(id));
}

SCENE(each_end_writes_its_own_parts_and_nobody_writes_the_track) {
    STAGE(stage);
    static const char *const of_verbs[] = {"consent", "agreed_revision", "sent_by",
                                           "read_by", "accepted_by",     "settled"};
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    desk_refused(&stage->mette, ERR_DENIED, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "teacher", "Ole"));
    desk_refused(&stage->ole, ERR_DENIED, "handover", "edit",
                 json_pack("{s:s, s:{s:s}}", "id", id, "fields", "likes", "matematik"));
    for (size_t i = 0; i < sizeof of_verbs / sizeof *of_verbs; i++) {
        desk_refused(&stage->mette, ERR_DENIED, "handover", "edit",
                     json_pack("{s:s, s:{s:s}}", "id", id, "fields", of_verbs[i], "given"));
        desk_refused(&stage->ole, ERR_DENIED, "handover", "edit",
                     json_pack("{s:s, s:{s:s}}", "id", id, "fields", of_verbs[i], "given"));
    }
}

SCENE(a_version_that_arrived_while_a_draft_lay_here_is_not_overwritten) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->mette, id, "first_day", "12 August, 8.30");
    deliver(stage, &stage->ole, id);
    assert_true(at_flag(shown_field(show(&stage->mette, id), "first_day"), "overtaken"));
    agree(&stage->mette, id);
    const json_t *sent = desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_true(at_flag(sent, "changes.0.overtaken"));
    sync_all(&stage->federation);
    assert_int_equal(
        json_array_size(at(shown_field(show(&stage->mette, id), "first_day"), "conflict.values")),
        2);
    assert_int_equal(
        json_array_size(at(shown_field(show(&stage->ole, id), "first_day"), "conflict.values")), 2);
}

SCENE(a_draft_typed_again_after_the_new_version_was_shown_replaces_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->mette, id, "first_day", "12 August, 8.30");
    deliver(stage, &stage->ole, id);
    show(&stage->mette, id);
    edit(&stage->mette, id, "first_day", "14 August, 8.30");
    agree(&stage->mette, id);
    deliver(stage, &stage->mette, id);
    const json_t *field = shown_field(show(&stage->ole, id), "first_day");
    assert_true(json_is_null(at(field, "conflict")));
    assert_string_equal(at_text(field, "value"), "14 August, 8.30");
}

SCENE(an_edit_back_to_what_was_sent_is_no_draft) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    edit(&stage->mette, id, "likes", "Tog og sæbebobler\r\n");
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
}

SCENE(a_field_is_cleared_by_an_empty_value) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "");
    assert_true(json_is_string(at(shown_field(show(&stage->mette, id), "likes"), "draft")));
    agree(&stage->mette, id);
    deliver(stage, &stage->mette, id);
    assert_string_equal(at_text(shown_field(show(&stage->ole, id), "likes"), "value"), "");
}

static void assert_takes_part(struct desk *desk, const char *id, size_t n,
                              const char *const *people) {
    const char *value = at_text(shown_field(show(desk, id), "takes_part"), "value");
    size_t lines = *value != '\0';
    for (const char *c = value; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, n);
    for (size_t i = 0; i < n; i++)
        assert_non_null(strstr(value, people[i]));
}

SCENE(several_values_are_one_a_line_and_merge_with_the_other_sites) {
    STAGE(stage);
    static const char *const two[] = {"mor", "Mette H."};
    static const char *const four[] = {"mor", "Mette H.", "Ole R.", "tolk"};
    static const char *const three[] = {"mor", "Ole R.", "tolk"};
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    edit(&stage->mette, id, "takes_part", "  mor \n\nMette H.\nmor");
    agree(&stage->mette, id);
    deliver(stage, &stage->mette, id);
    assert_takes_part(&stage->ole, id, 2, two);
    edit(&stage->ole, id, "takes_part", "Ole R.\nmor\nMette H.\ntolk");
    deliver(stage, &stage->ole, id);
    assert_takes_part(&stage->mette, id, 4, four);
    edit(&stage->mette, id, "takes_part", "tolk\nmor\nOle R.");
    agree(&stage->mette, id);
    deliver(stage, &stage->mette, id);
    assert_takes_part(&stage->ole, id, 3, three);
    edit(&stage->ole, id, "takes_part", "");
    deliver(stage, &stage->ole, id);
    assert_takes_part(&stage->mette, id, 0, NULL);
}

SCENE(discarding_forgets_what_was_not_sent_and_a_form_never_sent_altogether) {
    STAGE(stage);
    char id[ID_TEXT_MAX], other[ID_TEXT_MAX];
    send_alma(stage, id);
    draft_alma(stage, other);
    edit(&stage->mette, id, "likes", "Tog");
    desk_call(&stage->mette, "handover", "edit", json_pack("{s:s, s:b}", "id", id, "discard", 1));
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
    desk_call(&stage->mette, "handover", "edit",
              json_pack("{s:s, s:b}", "id", other, "discard", 1));
    desk_refused(&stage->mette, ERR_NOT_FOUND, "handover", "show", only_id(other));
}

/* Forms. */

static json_t *with_form(const char *id, const char *text) {
    return json_pack("{s:s, s:s, s:s}", "id", id, "form", text, "form_path", "alma.txt");
}

SCENE(a_form_comes_back_as_edits_of_what_was_changed_in_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", only_id(id));
    const char *form = at_text(document, "form.en");
    assert_non_null(strstr(form, "\nTog og sæbebobler\n"));
    assert_null(strstr(form, "[teacher]"));
    assert_null(strstr(form, "[consent]"));
    char *changed = malloc(strlen(form) + 64);
    assert_non_null(changed);
    const char *place = strstr(form, "Tog og sæbebobler");
    sprintf(changed, "%.*sTog, biler%s", (int)(place - form), form,
            place + strlen("Tog og sæbebobler"));
    desk_call(&stage->mette, "handover", "edit", with_form(id, changed));
    free(changed);
    document = show(&stage->mette, id);
    assert_int_equal(at_number(document, "unsent"), 1);
    assert_string_equal(at_text(shown_field(document, "likes"), "draft"), "Tog, biler");
}

SCENE(a_blank_of_an_empty_form_clears_nothing_and_emptying_a_filled_in_one_does) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", NULL);
    char *blank = strdup(at_text(document, "form.en"));
    assert_non_null(blank);
    desk_call(&stage->mette, "handover", "edit", with_form(id, blank));
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"),
                        "Tog og sæbebobler");
    desk_call(&stage->mette, "handover", "template", only_id(id));
    desk_call(&stage->mette, "handover", "edit", with_form(id, blank));
    free(blank);
    document = show(&stage->mette, id);
    assert_true(json_is_null(at(shown_field(document, "likes"), "draft")));
    assert_int_equal(at_number(document, "unsent"), 0);
}

SCENE(what_arrived_while_the_editor_was_open_is_neither_reverted_nor_overwritten) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    const json_t *document = desk_call(&stage->mette, "handover", "template", only_id(id));
    char *form = strdup(at_text(document, "form.en"));
    assert_non_null(form);
    edit(&stage->ole, id, "first_day", "13 August, 9.00");
    edit(&stage->ole, id, "contact", "Ole R.");
    deliver(stage, &stage->ole, id);
    /* Nothing was changed in the editor: the form still says 12 August, and that is no edit. */
    desk_call(&stage->mette, "handover", "edit", with_form(id, form));
    assert_int_equal(at_number(show(&stage->mette, id), "unsent"), 0);
    /* The same day was changed: both stand. */
    char *place = strstr(form, "12 August, 9.00");
    assert_non_null(place);
    memcpy(place, "11", 2);
    desk_call(&stage->mette, "handover", "edit", with_form(id, form));
    free(form);
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    const json_t *field = shown_field(show(&stage->mette, id), "first_day");
    assert_int_equal(json_array_size(at(field, "conflict.values")), 2);
}

/* The form as it is written out now, with one text in place of another. The caller's to free. */
static char *form_with(struct desk *desk, const char *id, const char *old, const char *new) {
    const char *form = at_text(desk_call(desk, "handover", "template", only_id(id)), "form.en");
    const char *place = strstr(form, old);
    assert_non_null(place);
    char *changed = malloc(strlen(form) + strlen(new) + 1);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(place - form), form, new, place + strlen(old));
    return changed;
}

SCENE(what_a_colleague_has_typed_meanwhile_is_not_overwritten_by_an_older_form) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    char *first = form_with(&stage->mette, id, "Tog og sæbebobler", "Tog");
    char *second = form_with(&stage->mette, id, "Tog og sæbebobler", "Biler");
    desk_call(&stage->mette, "handover", "edit", with_form(id, first));
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STALE, "handover", "edit", with_form(id, second));
    assert_string_equal(at_text(reply->details, "field"), "likes");
    assert_non_null(strstr(reply->text, "\"Tog\""));
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"), "Tog");

    /* The same form may be mended and given again; and a new one knows of what was typed. */
    char *place = strstr(first, "\nTog\n");
    memcpy(place, "\nBus\n", 5);
    desk_call(&stage->mette, "handover", "edit", with_form(id, first));
    char *third = form_with(&stage->mette, id, "\nBus\n", "\nBus og tog\n");
    desk_call(&stage->mette, "handover", "edit", with_form(id, third));
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"),
                        "Bus og tog");
    /* Typed by itself in between, it counts as well. */
    char *fourth = form_with(&stage->mette, id, "Bus og tog", "Fly");
    desk_call(&stage->mette, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", "likes", "Både"));
    desk_refused(&stage->mette, ERR_STALE, "handover", "edit", with_form(id, fourth));
    /* What is quoted is one line, cut between characters. */
    char text[400] = "Fly\nog ";
    while (strlen(text) < 300)
        strcat(text, "å");
    desk_call(&stage->mette, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", "likes", text));
    reply = desk_refused(&stage->mette, ERR_STALE, "handover", "edit", with_form(id, fourth));
    assert_non_null(strstr(reply->text, "it is \"Fly og å"));
    assert_non_null(strstr(reply->text, "å…\" now"));
    assert_null(strchr(reply->text, '?'));
    free(first);
    free(second);
    free(third);
    free(fourth);
}

SCENE(a_bad_form_is_refused_whole_with_its_line) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply = desk_refused(&stage->mette, ERR_FORMAT, "handover", "edit",
                                             with_form(id, "[likes]\nTog\n\n[lieks]\nTog\n"));
    assert_int_equal(at_number(reply->details, "line"), 4);
    assert_string_equal(at_text(reply->details, "file"), "alma.txt");
    reply = desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "edit",
                         with_form(id, "[likes]\nTog\n\n[born]\n3 May\n"));
    assert_int_equal(at_number(reply->details, "line"), 4);
    assert_string_equal(at_text(reply->details, "field"), "born");
    assert_string_equal(at_text(shown_field(show(&stage->mette, id), "likes"), "draft"),
                        "Tog og sæbebobler");
}

SCENE(a_new_form_may_begin_with_a_filled_in_template) {
    STAGE(stage);
    const json_t *document = desk_call(&stage->mette, "handover", "template", NULL);
    assert_non_null(strstr(at_text(document, "form.da"), "[child_name] Barnets navn"));
    document = desk_call(&stage->mette, "handover", "new",
                         json_pack("{s:s, s:s}", "to", "søndre skole", "form",
                                   "[child_name]\nEmil\n[likes]\n\n[born]\n"));
    assert_string_equal(at_text(document, "child"), "Emil");
    assert_int_equal(at_number(document, "unsent"), 1);
}

SCENE(drafts_survive_closing_and_are_not_readable_in_the_database) {
    STAGE(stage);
    char id[ID_TEXT_MAX], path[384];
    draft_alma(stage, id);
    site_close(stage->birk);
    static const char *const files[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", stage->birk->path, files[i]);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        static char content[4 << 20];
        size_t size = fread(content, 1, sizeof content, file);
        fclose(file);
        assert_null(memmem(content, size, "Alma Unika", 10));
        assert_true(i > 0 || size > 0);
    }
    site_open(stage->birk);
    assert_string_equal(at_text(show(&stage->mette, id), "child"), "Alma Unika");
}

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PLAY(a_draft_is_listed_with_the_childs_name_and_where_it_is_going),
        PLAY(an_id_may_be_shortened_and_one_that_fits_many_lists_them),
        PLAY(values_are_checked_with_their_label_and_all_of_an_edit_or_nothing_is_kept),
        PLAY(each_end_writes_its_own_parts_and_nobody_writes_the_track),
        PLAY(a_version_that_arrived_while_a_draft_lay_here_is_not_overwritten),
        PLAY(a_draft_typed_again_after_the_new_version_was_shown_replaces_it),
        PLAY(an_edit_back_to_what_was_sent_is_no_draft),
        PLAY(a_field_is_cleared_by_an_empty_value),
        PLAY(several_values_are_one_a_line_and_merge_with_the_other_sites),
        PLAY(discarding_forgets_what_was_not_sent_and_a_form_never_sent_altogether),
        PLAY(drafts_survive_closing_and_are_not_readable_in_the_database),
        PLAY(a_form_comes_back_as_edits_of_what_was_changed_in_it),
        PLAY(a_blank_of_an_empty_form_clears_nothing_and_emptying_a_filled_in_one_does),
        PLAY(what_arrived_while_the_editor_was_open_is_neither_reverted_nor_overwritten),
        PLAY(what_a_colleague_has_typed_meanwhile_is_not_overwritten_by_an_older_form),
        PLAY(a_bad_form_is_refused_whole_with_its_line),
        PLAY(a_new_form_may_begin_with_a_filled_in_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
