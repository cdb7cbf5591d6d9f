/* The noun's tables: which screen and which side each verb has. */
#include "handover.h"

#include "sides.h"
#include "views.h"

const struct view handover_views[] = {
    {"handover", "template", handover_view_template},
    {"handover", "new", handover_view_drafts},
    {"handover", "edit", handover_view_drafts},
    {"handover", "list", handover_view_list},
    {"handover", "show", handover_view_show},
    {"handover", "agree", handover_view_agree},
    {"handover", "send", handover_view_send},
    {"handover", "accept", handover_view_accept},
    {"handover", "track", handover_view_track},
    {"handover", "print", handover_view_print},
    {0},
};

const struct side handover_sides[] = {
    {"handover", "edit", handover_side_edit, NULL},
    {"handover", "show", NULL, handover_side_shown},
    {"handover", "track", NULL, handover_side_shown},
    {"handover", "send", handover_side_send, NULL},
    {"handover", "print", handover_side_print, handover_side_printed},
    {0},
};
