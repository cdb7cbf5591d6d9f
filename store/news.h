/* What committed transactions changed, for whoever serves the network: drained after every turn. */
#ifndef STAFET_STORE_NEWS_H
#define STAFET_STORE_NEWS_H

#include "acks.h"
#include "roster.h"

enum news_kind { NEWS_FEED = 1, NEWS_ROSTER, NEWS_STATEMENT, NEWS_RECORD, NEWS_LOST };
struct news {
    enum news_kind kind;
    struct feed_info feed;            /* NEWS_FEED: its head has moved */
    struct member_id member;          /* NEWS_STATEMENT: whose, about which channel */
    struct channel_id channel_id;
    struct record_id record;          /* NEWS_RECORD: its live versions have changed */
    enum err error;                   /* NEWS_LOST: something has changed and could not be read: begin again from what is stored */
};
/* False when there is none. Several moves of one feed, channel or record are one piece of news. */
bool news_next(struct store *, struct news *ret_news);

#endif
