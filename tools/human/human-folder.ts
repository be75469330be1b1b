import { DATA_FOLDER } from "../reader-file.ts";

export const HUMAN_FOLDER = `${DATA_FOLDER}/human`;
