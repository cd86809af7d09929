-- An orchestrator as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW orchestrator_state AS
SELECT o.name, o.session, o.state, o.ttl_seconds, o.expires_at, o.expires_at > command_time() AS alive, o.created_at, o.updated_at
FROM orchestrator o;
