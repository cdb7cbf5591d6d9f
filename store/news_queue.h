/* Inside the store: news of the transaction under way, and what has been committed and not yet been
 * drained. */
#ifndef STAFET_STORE_NEWS_QUEUE_H
#define STAFET_STORE_NEWS_QUEUE_H

#include <stddef.h>

struct news_queue;

struct news_queue *news_queue_new(void);
void news_queue_free(struct news_queue *);
/* The transaction has committed: its news may be drained. */
void news_publish(struct news_queue *);
/* Remembers how much of the transaction's news there is, for a part of it that may fail alone. */
void news_mark(struct news_queue *);
size_t news_marked(const struct news_queue *);
/* Forgets the transaction's news beyond the first `keep`. */
void news_drop(struct news_queue *, size_t keep);

#endif
