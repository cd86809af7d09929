/** What an address of Now means: a device, and a slot of it if one was named. */
export type Selection = { device: string, slot: number | null }

/** `?sel=Hotel1:5` is a slot, `?device=Hotel1` a device. Null if the address names none. */
export function selectionOf (search: URLSearchParams): Selection | null {
  const sel = search.get('sel')
  if (sel !== null) {
    // The last colon: the name of a device can have some, too.
    const [, device, slot] = /^(.+):(\d{1,9})$/s.exec(sel) ?? []
    return device === undefined ? { device: sel, slot: null } : { device, slot: Number(slot) }
  }
  const device = search.get('device')
  return device === null ? null : { device, slot: null }
}
