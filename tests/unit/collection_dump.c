/* Prints the declared collections as JSON: proto/vectors/collections.json is its golden copy, and a
 * test compares the two. What fails there after something published has changed must be mended
 * here, not there. */
#include "store/collection.h"

#include <stdbool.h>
#include <stdio.h>

static const char *channel_name(enum channel_kind kind) {
    static const char *const names[] = {[CHANNEL_ROSTER] = "roster",
                                        [CHANNEL_NOTICE] = "notice",
                                        [CHANNEL_ANSWERS] = "answers",
                                        [CHANNEL_HANDOVER] = "handover"};
    return names[kind];
}

/* Names and labels hold nothing that JSON would escape; test_collection says so. */
static void print_label(const struct label *label) {
    printf("\"label\": {\"da\": \"%s\", \"en\": \"%s\"}", label->da, label->en);
}

static void print_field(const struct field *field, bool last) {
    printf("        {\"number\": %u, \"name\": \"%s\", \"kind\": \"%s\", \"policy\": \"%s\", "
           "\"writers\": \"%s\", "
           "\"part\": \"%s\", \"size_max\": %u, \"fixed\": %s,\n         ",
           (unsigned)field->number, field->name, kind_name(field->kind), policy_name(field->policy),
           end_name(field->writers), part_name(field->part), (unsigned)field->size_max,
           field->fixed ? "true" : "false");
    print_label(&field->label);
    if (field->choices != NULL) {
        printf(",\n         \"choices\": [");
        for (const struct choice *choice = field->choices; choice->name != NULL; choice++) {
            printf("%s{\"name\": \"%s\", ", choice == field->choices ? "" : ", ", choice->name);
            print_label(&choice->label);
            printf("}");
        }
        printf("]");
    }
    printf("}%s\n", last ? "" : ",");
}

static void print_parts(void) {
    printf("  \"parts\": [\n");
    for (int part = PART_HEAD; part <= PART_TRACK; part++) {
        printf("    {\"name\": \"%s\", ", part_name((enum part)part));
        print_label(part_label((enum part)part));
        printf("}%s\n", part == PART_TRACK ? "" : ",");
    }
    printf("  ],\n");
}

int main(void) {
    size_t n;
    const struct collection *collections = collection_all(&n);
    printf("{\n  \"schema\": 1,\n");
    print_parts();
    printf("  \"collections\": [\n");
    for (size_t i = 0; i < n; i++) {
        const struct collection *collection = &collections[i];
        printf(
            "    {\"number\": %u, \"name\": \"%s\", \"channel\": \"%s\", \"rest\": \"%s\",\n     ",
            (unsigned)collection->number, collection->name, channel_name(collection->channel),
            rest_name(collection->rest));
        print_label(&collection->label);
        printf(",\n     \"fields\": [\n");
        for (size_t k = 0; k < collection->fields_n; k++)
            print_field(&collection->fields[k], k + 1 == collection->fields_n);
        printf("     ]}%s\n", i + 1 == n ? "" : ",");
    }
    printf("  ]\n}\n");
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
