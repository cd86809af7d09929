/** What the signs of the map mean. */
export function Legend () {
  return <p className="legend">▣ with lid, □ without, ⌒ a lid, · empty, ╳ kept for someone, ▽ waste</p>
}
