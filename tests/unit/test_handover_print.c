#include "cli/handover_html.h"
#include "stage.h"

#include <stdlib.h>

/* A form about Alma that has not been sent, and its page as it was printed last. */
static char alma[ID_TEXT_MAX];
static char *printed;

static int set_up(void **state) {
    if (stage_set_up(state) != 0)
        return -1;
    struct stage *stage = *state;
    const json_t *document = desk_call(&stage->mette, "handover", "new",
                                       json_pack("{s:s, s:{s:s, s:s, s:s}}", "to", "Søndre Skole",
                                                 "fields", "child_name", "Alma", "likes",
                                                 "Tog\nog biler", "first_day", "12 August, 9.00"));
    snprintf(alma, sizeof alma, "%s", at_text(document, "id"));
    return 0;
}

static int tear_down(void **state) {
    free(printed);
    printed = NULL;
    return stage_tear_down(state);
}

static char *page_of(const json_t *document, enum language language) {
    struct buffer html = {0};
    assert_ok(handover_html(document, language, &html));
    assert_ok(buffer_append(&html, "", 1));
    assert_int_equal(strlen((const char *)html.data), html.size - 1);
    return (char *)html.data;
}

static const char *print_at(struct desk *desk, enum language language) {
    free(printed);
    printed = page_of(desk_call(desk, "handover", "print", only_id(alma)), language);
    return printed;
}

static void send_it(struct stage *stage) {
    desk_call(&stage->mette, "handover", "agree",
              json_pack("{s:s, s:s, s:s}", "id", alma, "by", "begge forældre", "on", "2024-06-03"));
    deliver(stage, &stage->mette, alma);
}

static void assert_says(const char *page, const char *text) {
    if (strstr(page, text) == NULL)
        fail_msg("the page does not say: %s", text);
}

static void assert_does_not_say(const char *page, const char *text) {
    if (strstr(page, text) != NULL)
        fail_msg("the page says: %s", text);
}

SCENE(parents_can_read_it_before_anything_is_sent) {
    STAGE(stage);
    const char *page = print_at(&stage->mette, LANGUAGE_EN);
    assert_says(page, "<h1>Alma</h1>");
    assert_says(page, "Nothing has been sent yet.");
    assert_says(page, "Søndre Skole has not received anything.");
    assert_says(page, "<p class=\"value\">Tog\nog biler</p>");
    assert_says(page, "12 August, 9.00");
    assert_does_not_say(page, "New, not sent yet");
    char revision[32];
    const json_t *document = desk_call(&stage->mette, "handover", "print", only_id(alma));
    snprintf(revision, sizeof revision, "Revision %.4s.", at_text(document, "revision"));
    assert_says(page, revision);
}

SCENE(all_parts_are_there_in_the_language_asked_for) {
    STAGE(stage);
    static const char *const danish[] = {"Om barnet",        "Barnets egne ord",
                                         "Forældrenes del",  "Personalets del",
                                         "Plan for starten", "Hvem har det",
                                         "I bestemmer med",  "Her er ikke skrevet noget endnu."};
    static const char *const english[] = {"About the child", "The parents&#39; part",
                                          "Plan for the start", "Who has it", "You decide with us"};
    const char *page = print_at(&stage->mette, LANGUAGE_DA);
    assert_says(page, "<html lang=\"da\">");
    for (size_t i = 0; i < sizeof danish / sizeof *danish; i++)
        assert_says(page, danish[i]);
    for (size_t i = 0; i < sizeof english / sizeof *english; i++)
        assert_does_not_say(page, english[i]);
    page = print_at(&stage->mette, LANGUAGE_EN);
    assert_says(page, "<html lang=\"en\">");
    for (size_t i = 0; i < sizeof english / sizeof *english; i++)
        assert_says(page, english[i]);
}

SCENE(it_says_who_has_received_it) {
    STAGE(stage);
    send_it(stage);
    assert_says(print_at(&stage->mette, LANGUAGE_EN), "has not confirmed receipt yet");
    sync_statements(&stage->federation.sites[0], &stage->federation.sites[2]);
    sync_statements(&stage->federation.sites[0], &stage->federation.sites[1]);
    const char *page = print_at(&stage->mette, LANGUAGE_EN);
    assert_says(page, "Søndre Skole received it on 3 June 2024.");
    assert_says(page, "Agreed: begge forældre, 3 June 2024.");
    assert_says(page, "Nordby passes the message on and cannot read it.");
    assert_does_not_say(page, "not been sent");
    assert_says(print_at(&stage->ole, LANGUAGE_DA), "Søndre Skole modtog det den 3. juni 2024.");
}

SCENE(what_is_new_and_not_sent_is_marked) {
    STAGE(stage);
    send_it(stage);
    edit(&stage->mette, alma, "likes", "Dinosaurer");
    const char *page = print_at(&stage->mette, LANGUAGE_EN);
    assert_says(page, "Something is new and has not been sent yet.");
    assert_says(page, "New, not sent yet:</p>\n<p class=\"value\">Dinosaurer</p>");
    assert_does_not_say(page, "Tog");
    assert_says(page, "Agreed: begge forældre, 3 June 2024, to revision ");
}

SCENE(both_values_of_a_conflict_are_there_and_why_it_was_settled_later) {
    STAGE(stage);
    send_it(stage);
    edit(&stage->ole, alma, "first_day", "13 August");
    desk_call(&stage->ole, "handover", "send", only_id(alma));
    edit(&stage->mette, alma, "first_day", "14 August");
    send_it(stage);
    const char *page = print_at(&stage->mette, LANGUAGE_EN);
    assert_says(page, "Two different things are written here.");
    assert_says(page, "<li class=\"value\">13 August</li>");
    assert_says(page, "<li class=\"value\">14 August</li>");
    const json_t *list = desk_call(&stage->mette, "conflict", "list", NULL);
    char id[ID_TEXT_MAX];
    snprintf(id, sizeof id, "%s", at_text(list, "conflicts.0.id"));
    desk_call(
        &stage->mette, "conflict", "resolve",
        json_pack("{s:s, s:s, s:s}", "id", id, "take", "Birk", "note", "Skolen <er> enig: ja"));
    page = print_at(&stage->mette, LANGUAGE_EN);
    assert_does_not_say(page, "Two different things");
    assert_says(page, "<p class=\"value\">The first day: Skolen &lt;er&gt; enig: ja</p>");
}

/* Text and attributes are all that values may become: no markup but the page's own. */
SCENE(nothing_that_people_write_becomes_markup) {
    STAGE(stage);
    static const char hostile[] =
        "</p></style><script>alert(1)</script><img src=x onerror='y'>\"&lt;";
    edit(&stage->mette, alma, "child_name", hostile);
    edit(&stage->mette, alma, "parents_worries", hostile);
    edit(&stage->mette, alma, "takes_part", hostile);
    const char *page = print_at(&stage->mette, LANGUAGE_DA);
    assert_does_not_say(page, "<script");
    assert_does_not_say(page, "<img");
    assert_does_not_say(page, "onerror='");
    assert_says(page, "&lt;/p&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x "
                      "onerror=&#39;y&#39;&gt;&quot;&amp;lt;");
    const char *end = strstr(page, "</style>");
    assert_non_null(end);
    assert_null(strstr(end + 1, "</style>"));
}

SCENE(it_needs_nothing_beside_itself) {
    STAGE(stage);
    static const char *const outside[] = {"http://", "https://", "src=",   "url(",
                                          "@import", "<link",    "<script"};
    const char *page = print_at(&stage->mette, LANGUAGE_DA);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_does_not_say(page, outside[i]);
    assert_says(page, "default-src 'none'");
    assert_says(page, "@media print");
}

SCENE(printing_writes_no_receipt) {
    STAGE(stage);
    send_it(stage);
    struct channel channel =
        channel_between(&stage->federation.sites[1], &stage->federation.sites[2]);
    assert_int_equal(count_feeds(stage->ole.site->store, &channel, &stage->ole.site->member), 0);
    print_at(&stage->ole, LANGUAGE_DA);
    assert_int_equal(count_feeds(stage->ole.site->store, &channel, &stage->ole.site->member), 0);
}

#define PRINT(scene) cmocka_unit_test_setup_teardown(scene, set_up, tear_down)

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PRINT(parents_can_read_it_before_anything_is_sent),
        PRINT(all_parts_are_there_in_the_language_asked_for),
        PRINT(it_says_who_has_received_it),
        PRINT(what_is_new_and_not_sent_is_marked),
        PRINT(both_values_of_a_conflict_are_there_and_why_it_was_settled_later),
        PRINT(nothing_that_people_write_becomes_markup),
        PRINT(it_needs_nothing_beside_itself),
        PRINT(printing_writes_no_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
