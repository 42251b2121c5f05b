// Filters the rows of the tree. The page is whole without it.
const find = document.getElementById("find");
const noted = document.getElementById("noted");
const found = document.getElementById("found");
const rows = [...document.querySelectorAll("#tree tbody tr")];
let known;

function read(row) {
    const titles = [...row.querySelectorAll("[title]")];
    const parts = [row, ...titles].map((part) => part.title);
    return {
        text: [row.textContent, ...parts].join(" ").toLowerCase(),
        depth: row.querySelectorAll(".indent").length,
        noted: row.querySelector(".note") !== null,
    };
}

function filter() {
    known ??= rows.map(read);
    const wanted = find.value.trim().toLowerCase();
    let matches = 0;
    // From below, since what a row hangs under is shown along with it.
    let needed = 0;
    for (let at = rows.length - 1; at >= 0; at--) {
        const { text, depth, noted: hasNote } = known[at];
        const fits = text.includes(wanted) && (hasNote || !noted.checked);
        const shown = fits || depth < needed;
        matches += fits;
        needed = shown ? depth : needed;
        rows[at].hidden = !shown;
    }
    const all = !wanted && !noted.checked;
    found.textContent = all
        ? ""
        : `${matches.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows on this page`;
}

find.addEventListener("input", filter);
noted.addEventListener("change", filter);
document.getElementById("filter").hidden = false;
