-- Visitors and buyers of a changing table.
CREATE TABLE visits (page INT, visitor STRING, bought BOOLEAN) WITH ('connector' = 'rows');
SELECT page, COUNT(DISTINCT visitor), COUNT(*) FILTER (WHERE bought) FROM visits GROUP BY page;
