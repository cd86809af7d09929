/** A device and a slot in a text, as people write them: `Hotel1 5` or `Hotel1:5`. Null if the text is no place. */
export function placeIn (text: string): { device: string, position: number } | null {
  const [, device, position] = /^(.*[^\s:])[\s:]+(\d{1,4})$/s.exec(text) ?? []
  return device === undefined || position === undefined ? null : { device, position: Number(position) }
}
