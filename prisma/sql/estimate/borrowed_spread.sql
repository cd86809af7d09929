-- Returns the spread that an estimate with few samples borrows from similar steps: the same function on the device,
-- or for moves the same mover and destination. It is the spread within the most specific keys, because their typical
-- durations differ. With 20 residuals or more it is taken between two quantiles, which lie 3.29 deviations apart in a
-- normal distribution, so that an outlier does not widen it. Returns null without such steps. It is a function
-- because most estimates do not need it, and a query is planned with every part that it might run.
CREATE OR REPLACE FUNCTION borrowed_spread(_key_4 bigint, _as_of timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'deviation', CASE WHEN count(residual) < 20 THEN sqrt(avg(residual ^ 2))
        ELSE (percentile_disc(0.95) WITHIN GROUP (ORDER BY residual) - percentile_disc(0.05) WITHIN GROUP (ORDER BY residual)) / 3.29 END,
      'degrees', count(*) - count(DISTINCT key_1),
      'outlier_share', (count(*) FILTER (WHERE residual > ln(2)) + 1)::float8 / (count(residual) + 1))
    FROM (
      SELECT key_1, (logarithm - avg(logarithm) OVER program) * sqrt(count(*) OVER program / nullif(count(*) OVER program - 1, 0)::float8) AS residual
      FROM (
        SELECT key_1, ln(greatest(sample_seconds, 0.001)) AS logarithm FROM step
        WHERE is_sample AND key_4 IS NOT NULL AND key_4 = _key_4 AND finish <= _as_of
        ORDER BY finish DESC LIMIT (SELECT 200)
      ) recent
      WINDOW program AS (PARTITION BY key_1)
    ) within
    HAVING count(residual) > 0);
END $$;
