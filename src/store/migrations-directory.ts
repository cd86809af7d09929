import { fileURLToPath } from 'node:url'

/** Where this code's migrations lie; the same from src and from dist. */
export const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
