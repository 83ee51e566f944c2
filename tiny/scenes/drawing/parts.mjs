// Prints the character parts of @dicebear/avataaars as JSON: {layer: {colour: PNG in base64}}. Arguments: the folder that
// has both packages in node_modules, the size in pixels, then colours as rrggbb. Each part stands where the whole
// character has it, and nothing else is drawn.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, size, ...colours] = process.argv.slice(2);
const parts = join(resolve(folder), "node_modules", "@dicebear", "avataaars", "lib", "components", "index.js");
const components = await import(pathToFileURL(parts).href);
const { Resvg } = createRequire(join(resolve(folder), "here.js"))("@resvg/resvg-js");
const MARK = "<!--part-->";

/** The transform of a slot's group in the character. */
function place(slot) {
    const empty = components.base.default({ [slot]: { value: () => MARK } }, {});
    const found = empty.match(new RegExp(`<g transform="([^"]*)">${MARK}</g>`));
    if (!found) throw new Error(`the character has no place for ${slot}`);
    return found[1];
}

/** All values of a colour's fields: a part has one colour, whichever field it takes it from. */
function painted(colour) {
    return new Proxy({}, { get: () => `#${colour}` });
}

/** The picture of a body of SVG, set as the package's own `create` sets it. */
function drawn(body) {
    const view = 'viewBox="0 0 280 280" fill="none" shape-rendering="auto"';
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" ${view}>`;
    return new Resvg(`${head}<g transform="translate(8)">${body}</g></svg>`).render().asPng().toString("base64");
}

const layers = {};
function add(name, body) {
    layers[name] = Object.fromEntries(colours.map((colour) => [colour, drawn(body(painted(colour)))]));
}

for (const [slot, values] of Object.entries(components)) {
    if (slot === "style" || slot === "clothingGraphic") continue;
    const transform = slot === "base" ? "translate(0)" : place(slot);
    for (const [name, value] of Object.entries(values)) {
        const group = (inner) => (colours) => `<g transform="${transform}">${value(inner, colours)}</g>`;
        if (name !== "graphicShirt") {
            add(`${slot}__${name}`, group({}));
            continue;
        }
        for (const [print, drawing] of Object.entries(components.clothingGraphic)) {
            add(`${slot}__${name}_${print}`, group({ clothingGraphic: { value: drawing } }));
        }
    }
}
console.log(JSON.stringify(layers));
