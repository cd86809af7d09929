// Limits of what the service stores. The schemas of the contract state them, and the lab file, the steps and the import keep them.

/** Characters of a name: of devices, containers (also barcodes), groups, functions and API keys. */
export const maxNameLength = 200
/** Characters of a text: a type, an address, a description, a reason. */
export const maxTextLength = 2000
/** Characters of the source of a process. */
export const maxSourceLength = 4_194_304
/** Bytes and levels of an object that a client may fill as it likes, for example `data` of a step. */
export const maxDataBytes = 65_536
export const maxDataLevels = 32
/** Slots of one device. */
export const maxSlots = 10_000
/** The largest `integer` of PostgreSQL. */
export const maxInteger = 2_147_483_647
