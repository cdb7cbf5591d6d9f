/* Interesting states, counted by name: a campaign in which one of them was never reached has tested
 * less than it says, and fails. */
#ifndef STAFET_SIM_SOMETIMES_H
#define STAFET_SIM_SOMETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name): what has happened at least once. */
#define SOMETIMES(X)                                                                               \
    X(joined_over_the_network)                                                                     \
    X(join_interrupted_by_a_crash)                                                                 \
    X(ticket_repeated)                                                                             \
    X(ticket_refused)                                                                              \
    X(power_lost)                                                                                  \
    X(process_killed)                                                                              \
    X(crashed_between_two_disk_operations)                                                         \
    X(crashed_while_opening)                                                                       \
    X(unsynced_sector_lost)                                                                        \
    X(unsynced_sector_kept)                                                                        \
    X(sector_torn)                                                                                 \
    X(sector_trashed)                                                                              \
    X(file_reappeared)                                                                             \
    X(fsync_lied)                                                                                  \
    X(disk_was_full)                                                                               \
    X(disk_failed_to_read)                                                                         \
    X(disk_failed_to_write)                                                                        \
    X(bit_rotted)                                                                                  \
    X(damage_detected)                                                                             \
    X(memory_ran_out)                                                                              \
    X(memory_ran_out_in_sqlite)                                                                    \
    X(memory_ran_out_in_jansson)                                                                   \
    X(old_copy_restored)                                                                           \
    X(municipality_restored)                                                                       \
    X(old_copy_restored_in_its_place)                                                              \
    X(old_home_put_back_in_its_place)                                                              \
    X(section_taken_out)                                                                           \
    X(birth_forged)                                                                                \
    X(bad_signature_hidden)                                                                        \
    X(forged_entry_void)                                                                           \
    X(restore_reported)                                                                            \
    X(roster_carried_by_hand)                                                                      \
    X(roster_confirmed_by_a_person)                                                                \
    X(incarnation_opened)                                                                          \
    X(clone_ran)                                                                                   \
    X(clock_jumped)                                                                                \
    X(link_lost)                                                                                   \
    X(link_stalled_and_went_on)                                                                    \
    X(link_half_open)                                                                              \
    X(link_clogged)                                                                                \
    X(dial_denied)                                                                                 \
    X(dial_timed_out)                                                                              \
    X(site_froze)                                                                                  \
    X(cut_one_way)                                                                                 \
    X(survey_published)                                                                            \
    X(answers_imported)                                                                            \
    X(same_answers_refused)                                                                        \
    X(survey_closed)                                                                               \
    X(handover_sent)                                                                               \
    X(handover_accepted)                                                                           \
    X(conflict_arose)                                                                              \
    X(conflict_resolved)                                                                           \
    X(call_refused)                                                                                \
    X(call_in_doubt)                                                                               \
    X(write_refused_by_the_disk)                                                                   \
    X(relay_tampered)                                                                              \
    X(run_refused)                                                                                 \
    X(forged_envelope_sent)                                                                        \
    X(fork_seen)                                                                                   \
    X(fork_healed)                                                                                 \
    X(earlier_form_migrated)                                                                       \
    X(migration_interrupted_and_done_again)                                                        \
    X(replica_rebuilt_from_its_sections)

enum sometimes {
#define X(name) SOMETIMES_##name,
    SOMETIMES(X)
#undef X
        SOMETIMES_N
};

void sometimes(enum sometimes);
uint64_t sometimes_count(enum sometimes);
const char *sometimes_name(enum sometimes);
void sometimes_clear(void);

#endif
