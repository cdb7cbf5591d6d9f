/* Inside the CLI: each noun's screens, one table a file, ended by an entry whose noun is NULL. */
#ifndef STAFET_CLI_VIEWS_H
#define STAFET_CLI_VIEWS_H

#include "screen.h"

extern const struct view conflict_views[];
extern const struct view export_views[];
extern const struct view federation_views[];
extern const struct view handover_views[];
extern const struct view join_views[];
extern const struct view log_views[];
extern const struct view member_views[];
extern const struct view peer_views[];
extern const struct view quarantine_views[];
extern const struct view roster_views[];
extern const struct view search_views[];
extern const struct view status_views[];
extern const struct view survey_views[];
extern const struct view sync_views[];
extern const struct view verify_views[];
extern const struct view waiting_views[];

const struct view *view_find(const char *noun, const char *verb); /* NULL: none */
/* Any document as indented "key: value" lines. */
void view_plain(const struct screen *, const json_t *document);
/* "2 logs have two branches: …", without an end of line. */
void view_forks(const struct screen *, long long forked);

#endif
