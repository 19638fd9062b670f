/* date.c - IMF-fixdate with its own names of days and months: strftime's follow the locale. */
#include "http/date.h"

static void put_number(char *to, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

struct mg_str mg_date_at(struct mg_date *date, time_t now)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct mg_str text = {date->text, MG_DATE_SIZE - 1};
    if (date->second == now && date->text[0] != '\0') {
        return text;
    }
    struct tm tm;
    if (gmtime_r(&now, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
        /* Outside the four digits of a year the clock is broken; the epoch is at least a date.
         */
        time_t epoch = 0;
        (void)gmtime_r(&epoch, &tm);
    }
    memcpy(date->text, "Sun, 06 Nov 1994 08:49:37 GMT", MG_DATE_SIZE);
    memcpy(date->text, days + (size_t)tm.tm_wday * 3, 3);
    put_number(date->text + 5, tm.tm_mday, 2);
    memcpy(date->text + 8, months + (size_t)tm.tm_mon * 3, 3);
    put_number(date->text + 12, tm.tm_year + 1900, 4);
    put_number(date->text + 17, tm.tm_hour, 2);
    put_number(date->text + 20, tm.tm_min, 2);
    put_number(date->text + 23, tm.tm_sec, 2);
    date->second = now;
    return text;
}
