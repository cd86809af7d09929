-- Sessions that are valid now, and the keys that they stand for. A remembered one ends when nobody used it for 14 days.
CREATE OR REPLACE VIEW valid_session AS
SELECT s.id_sha256, s.key_id, k.name, k.scopes, s.last_used_at <= now() - interval '1 hour' AS stale
FROM session s JOIN api_key k ON k.id = s.key_id
WHERE s.expires_at > now() AND (NOT s.remembered OR s.last_used_at > now() - interval '14 days')
  AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true);
