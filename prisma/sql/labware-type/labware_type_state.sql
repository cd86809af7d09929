-- A labware type as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW labware_type_state AS
SELECT name, description, deep_well, height_mm, wells, lid, extra, created_at, updated_at, version FROM labware_type;
