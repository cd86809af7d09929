-- Returns the newest samples of the most specific of the levels 2 to 5 that has any: the level, the samples in seconds and their finishes in seconds since 1970,
-- newest first. A key is null if the step lacks what the level compares. All are null if no level has samples. Only samples that finished at or before
-- `_as_of` count, and at most `_size` of them. It is a function because most estimates have samples of level 1, and a query is planned and
-- started with every part that it might run.
--
-- Settings: `plan_cache_mode = force_generic_plan`, because each read is one range of an index, whatever the key is.
CREATE OR REPLACE FUNCTION wider_history(
  _key_2 bigint, _key_3 bigint, _key_4 bigint, _key_5 bigint, _as_of timestamptz, _size integer,
  OUT level integer, OUT samples double precision[], OUT finishes double precision[]
) LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF _key_2 IS NOT NULL THEN
    SELECT 2, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_2 IS NOT NULL AND key_2 = _key_2 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_3 IS NOT NULL THEN
    SELECT 3, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_3 IS NOT NULL AND key_3 = _key_3 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_4 IS NOT NULL THEN
    SELECT 4, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_4 IS NOT NULL AND key_4 = _key_4 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_5 IS NOT NULL THEN
    SELECT 5, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_5 IS NOT NULL AND key_5 = _key_5 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  level := CASE WHEN samples IS NOT NULL THEN level END;
END $$;
