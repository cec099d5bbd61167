import { PROMPT_LIMITS } from '../domain/prompt';

const photos = { type: 'array', items: { type: 'string', format: 'binary' }, minItems: 1 };
const images = {
  images: {
    ...photos,
    description: 'JPEG or PNG, judged by its bytes; as many parts of this name as there are photos.',
  },
  'images[]': { ...photos, description: 'Another name for `images`.' },
};

/** What /openapi.json says of the parts of a creation. */
export const createForm = {
  type: 'object',
  required: ['prompt_text', 'images'],
  properties: {
    prompt_text: {
      type: 'string',
      minLength: PROMPT_LIMITS.min,
      maxLength: PROMPT_LIMITS.max,
      description:
        'What the item is; counted in Unicode code points after trimming. A line break counts as one and is kept as LF.',
      example: 'Used mountain bike, 26 inch, new tyres',
    },
    ...images,
    primary_index: { type: 'integer', minimum: 0, default: 0, description: 'Which of the images comes first, from 0.' },
  },
};

/** What /openapi.json says of the parts of an addition. */
export const addImagesForm = { type: 'object', required: ['images'], properties: images };
