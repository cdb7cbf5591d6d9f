/* collection.h's field_check: the canonical form of each kind. PROTOCOL.md, "Change sets". */
#include "collection.h"
#include "json_form.h"
#include "proto/text.h"

#include <string.h>

static bool is_digits(const uint8_t *at, size_t size, unsigned *ret_number) {
    unsigned number = 0;
    for (size_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        number = number * 10 + (unsigned)(at[i] - '0');
    }
    *ret_number = number;
    return true;
}

static unsigned days_of_month(unsigned year, unsigned month) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_date(struct bytes value) {
    unsigned year, month, day;
    if (value.size != 10 || value.data[4] != '-' || value.data[7] != '-')
        return false;
    if (!is_digits(value.data, 4, &year) || !is_digits(value.data + 5, 2, &month) ||
        !is_digits(value.data + 8, 2, &day))
        return false;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_of_month(year, month);
}

static bool is_hex(struct bytes value, size_t size) {
    if (value.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        uint8_t digit = value.data[i];
        if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f'))
            return false;
    }
    return true;
}

static bool is_choice(const struct choice *choices, struct bytes value) {
    for (; choices->name != NULL; choices++)
        if (bytes_equal(bytes_of_text(choices->name), value))
            return true;
    return false;
}

static bool has_form(const struct field *field, struct bytes value, struct label *ret_why) {
    switch (field->kind) {
    case KIND_TEXT:
        *ret_why = MEND("it must be text without control characters",
                        "det skal være tekst uden styretegn");
        return text_is_clean(value, true);
    case KIND_LINE:
        *ret_why = MEND("it must be one line of text", "det skal være én linje tekst");
        return text_is_clean(value, false);
    case KIND_DATE:
        *ret_why =
            MEND("it must be a date like 2026-08-12", "det skal være en dato som 2026-08-12");
        return is_date(value);
    case KIND_CHOICE:
        *ret_why =
            MEND("it must be one of the field's choices", "det skal være et af feltets valg");
        return is_choice(field->choices, value);
    case KIND_FLAG:
        *ret_why = MEND("it must be yes or no", "det skal være yes (ja) eller no (nej)");
        return bytes_equal(value, bytes_of_text("yes")) || bytes_equal(value, bytes_of_text("no"));
    case KIND_MEMBER:
        *ret_why = MEND("it must be a member's id, 32 hexadecimal digits",
                        "det skal være et medlems id, 32 hexadecimale cifre");
        return is_hex(value, 32);
    case KIND_JSON:
        *ret_why = MEND("it must be canonical JSON", "det skal være kanonisk JSON");
        return json_form_is_canonical(value);
    case KIND_REVISION:
        *ret_why = MEND("it must be a revision, 64 hexadecimal digits",
                        "det skal være en udgave, 64 hexadecimale cifre");
        return is_hex(value, 64);
    }
    *ret_why = MEND("its kind is not known", "feltets slags er ikke kendt");
    return false;
}

enum err field_check(const struct field *field, struct bytes value, struct label *ret_why) {
    struct label why = {NULL, NULL};
    if (value.size > field->size_max) {
        *ret_why = MEND("it is too long", "det er for langt");
        return ERR_LIMIT;
    }
    if (value.size == 0 || has_form(field, value, &why))
        return OK;
    *ret_why = why;
    return ERR_ARGUMENT;
}
