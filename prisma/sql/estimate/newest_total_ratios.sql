-- Returns the ratios of the actual to the predicted time of the newest twenty runs, newest first, or null if there are none. It is a function because
-- only totals need them, and a query is started with every part that it might run.
CREATE OR REPLACE FUNCTION newest_total_ratios() RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (
    SELECT jsonb_agg(newest.total_ratio ORDER BY newest.ended_at DESC) FILTER (WHERE newest.total_ratio IS NOT NULL)
    FROM (SELECT total_ratio, ended_at FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 20) newest);
END $$;
