-- A step is logged by a few large statements. Planned for its values each time, as PostgreSQL decides or not by what its
-- statistics happen to say, they take longer to plan than to run: 2.7 ms a step in place of 1.6. The plan for any values is
-- as good: all that grows is found by ids and names. Whoever replaces one of these functions has to say so again.
ALTER FUNCTION log_steps(jsonb, jsonb, boolean, jsonb, bigint, integer) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION transfer(jsonb, jsonb, boolean, boolean, jsonb) SET plan_cache_mode = force_generic_plan;
