/* Repeatable randomness for tests: the same seed, the same throws. (S. Vigna's splitmix64, public
 * domain.) */
#ifndef STAFET_TESTS_DICE_H
#define STAFET_TESTS_DICE_H

#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice) {
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
/* 0 … n - 1. */
static inline size_t dice_below(struct dice *dice, size_t n) {
    return (size_t)(dice_next(dice) % n);
}
/* True in `percent` of the throws. */
static inline int dice_chance(struct dice *dice, size_t percent) {
    return dice_below(dice, 100) < percent;
}

#endif
