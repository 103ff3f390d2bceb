/** The first sweep that finds a delivery settled dates its keeping: its settler's clock may lie. */
export const keptDeliveries = `
DROP INDEX deliveries_settled;
ALTER TABLE deliveries ADD COLUMN kept_from_ms INTEGER;
CREATE INDEX deliveries_unkept ON deliveries (number)
  WHERE settled_at_ms IS NOT NULL AND kept_from_ms IS NULL;
CREATE INDEX deliveries_kept ON deliveries (kept_from_ms) WHERE kept_from_ms IS NOT NULL;
`
