/* Every case of proto/vectors/: does the code do what the file says? */
#include "test.h"

#include "vector.h"
#include <stdio.h>
#include <stdlib.h>

static size_t check_file(const char *name) {
    char path[4096];
    json_error_t error;
    size_t i, wrong = 0;
    json_t *vector;
    snprintf(path, sizeof path, "%s/%s.json", VECTORS_FOLDER, name);
    json_t *file = json_load_file(path, 0, &error), *cases = json_object_get(file, "cases");
    if (json_array_size(cases) == 0)
        fail_msg("%s: no cases", path);
    json_array_foreach(cases, i, vector) {
        const char *reason = json_string_value(json_object_get(vector, "error"));
        json_t *is, *expected = json_object_get(vector, "is");
        enum err err = vector_check(vector, &is);
        bool right = reason == NULL ? err == OK && json_equal(is, expected)
                                    : strcmp(err_name(err), reason) == 0;
        if (!right)
            fprintf(stderr, "%s: \"%s\": %s\n", name,
                    json_string_value(json_object_get(vector, "name")), err_name(err));
        wrong += !right;
        json_decref(is);
    }
    json_decref(file);
    return wrong;
}

#define FILE_TEST(sentence, file)                                                                  \
    TEST(sentence) {                                                                               \
        assert_int_equal(check_file(file), 0);                                                     \
    }
FILE_TEST(keys_are_as_in_the_vectors, "keys")
FILE_TEST(channels_are_as_in_the_vectors, "channels")
FILE_TEST(the_log_is_as_in_the_vectors, "log")
FILE_TEST(declarations_are_as_in_the_vectors, "declarations")
FILE_TEST(content_is_as_in_the_vectors, "content")
FILE_TEST(tickets_are_as_in_the_vectors, "tickets")
FILE_TEST(hashes_are_as_in_the_vectors, "hashes")
FILE_TEST(frames_are_as_in_the_vectors, "frames")
FILE_TEST(the_exchange_is_as_in_the_vectors, "exchange")
FILE_TEST(hostile_logs_are_refused_for_the_reason_given, "hostile-log")
FILE_TEST(hostile_seals_are_refused_for_the_reason_given, "hostile-seals")
FILE_TEST(hostile_content_is_refused_for_the_reason_given, "hostile-content")
FILE_TEST(hostile_messages_are_refused_for_the_reason_given, "hostile-messages")

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_as_in_the_vectors),
        cmocka_unit_test(channels_are_as_in_the_vectors),
        cmocka_unit_test(the_log_is_as_in_the_vectors),
        cmocka_unit_test(declarations_are_as_in_the_vectors),
        cmocka_unit_test(content_is_as_in_the_vectors),
        cmocka_unit_test(tickets_are_as_in_the_vectors),
        cmocka_unit_test(hashes_are_as_in_the_vectors),
        cmocka_unit_test(frames_are_as_in_the_vectors),
        cmocka_unit_test(the_exchange_is_as_in_the_vectors),
        cmocka_unit_test(hostile_logs_are_refused_for_the_reason_given),
        cmocka_unit_test(hostile_seals_are_refused_for_the_reason_given),
        cmocka_unit_test(hostile_content_is_refused_for_the_reason_given),
        cmocka_unit_test(hostile_messages_are_refused_for_the_reason_given),
    };
    vector_library_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
