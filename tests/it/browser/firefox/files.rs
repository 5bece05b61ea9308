//! Files chosen, files saved, and pictures.

use taster::driver::browser::Shot;

use super::*;

fn answers(request: &Request) -> Vec<Act> {
    match request.path() {
        "/file" => vec![Act::Send(reply(
            "200 OK",
            &[("content-disposition", "attachment; filename=\"list of a.csv\"")],
            "x,y",
        ))],
        "/broken" => vec![
            Act::Send(
                b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\ncontent-disposition: attachment\r\n\
                content-type: application/zip\r\n\r\nPK"
                    .to_vec(),
            ),
            Act::Wait(Duration::from_millis(300)),
            Act::Reset,
        ],
        _ => html(
            "<body style='margin:0;background:rgb(255,0,0)'><input type=file id=f multiple>\
             <a id=d href=/file>Save</a><a id=x href=/broken>Broken</a><a id=b>Blob</a>\
             <div style='height:3000px'></div><div style='height:40px;background:rgb(0,0,255)' \
             id=blue></div><script>b.href = URL.createObjectURL(new Blob(['own'])); \
             b.download = 'own.txt'</script>",
        ),
    }
}

#[tokio::test]
async fn files_are_chosen_and_saved_each_context_in_its_own_folder() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let mut two = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let kept = one.call("keep", json!({"locator": {"css": "#f"}})).await.expect("a field");
        let field = kept["element"].as_u64().expect("a handle");
        let files: Vec<_> = ["a.txt", "b.txt"].map(|name| two.downloads.path().join(name)).into();
        for file in &files {
            std::fs::write(file, "content").expect("a file");
        }
        one.channel.choose(&[], field, &files, soon()).await.expect("they are chosen");
        let names = one.js("[...f.files].map((it) => it.name + it.size)").await;
        assert_eq!(names, json!(["a.txt7", "b.txt7"]));
        let missing = vec![two.downloads.path().join("none")];
        let none = one.channel.choose(&[], field, &missing, soon()).await;
        assert!(matches!(none, Err(Trouble::Refused(_))), "{none:?}");
        for (click, name, content) in [("#d", "list of a.csv", "x,y"), ("#b", "own.txt", "own")] {
            one.click(json!({"css": click})).await;
            let saved = one.log.find(soon(), |log| {
                let found = log.downloads.iter().find(|it| it.name == name)?;
                found.file.clone()
            });
            let file = saved.await.unwrap_or_else(|| panic!("{:?}", one.log.read().downloads));
            assert!(file.starts_with(one.downloads.path()), "{}", file.display());
            assert_eq!(std::fs::read_to_string(&file).expect("a file"), content);
        }
        assert_eq!(one.js("location.pathname").await, "/");
        one.channel.loaded(LoadState::Load, soon()).await.expect("the page stayed");
        one.click(json!({"css": "#x"})).await;
        let failed = one.log.find(soon(), |log| log.downloads.last()?.failed.clone());
        assert!(failed.await.is_some(), "{:?}", one.log.read().downloads);
        two.goto("/").await;
        two.click(json!({"css": "#d"})).await;
        let saved = two.log.find(soon(), |log| log.downloads.first()?.file.clone()).await;
        assert!(saved.expect("a file").starts_with(two.downloads.path()));
        one.close().await;
        two.close().await;
        firefox
    })
    .await;
}

/// Width, height, and the colour in the middle.
fn measure(png: &[u8]) -> (u32, u32, [u8; 3]) {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    let middle = info.line_size * (info.height as usize / 2)
        + info.color_type.samples() * (info.width as usize / 2);
    let colour = [pixels[middle], pixels[middle + 1], pixels[middle + 2]];
    (info.width, info.height, colour)
}

#[tokio::test]
async fn pictures_show_what_is_in_view_the_whole_page_or_a_part() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let view = one.channel.picture(&Shot::default(), soon()).await.expect("a picture");
        assert_eq!(measure(&view), (1280, 720, [255, 0, 0]));
        let full = Shot { full: true, ..Shot::default() };
        let full = one.channel.picture(&full, soon()).await.expect("a picture");
        let (width, height, _) = measure(&full);
        assert!(width >= 1265 && height > 3000, "{width}x{height}");
        let at = one.call("rect", json!({"locator": {"css": "#blue"}})).await.expect("a place");
        let of = |n: usize| at["rect"][n].as_f64().expect("a number");
        let clip = Some((of(0), of(1), of(2), of(3)));
        let part = Shot { clip, ..Shot::default() };
        let part = one.channel.picture(&part, soon()).await.expect("a picture");
        let (_, height, colour) = measure(&part);
        assert_eq!((height, colour), (40, [0, 0, 255]));
        let small = Shot { quality: Some(50), ..Shot::default() };
        let small = one.channel.picture(&small, soon()).await.expect("a picture");
        assert_eq!(&small[..3], &[0xff, 0xd8, 0xff]);
        one.js("document.body.style.height = '90000px', 1").await;
        let tall = Shot { full: true, ..Shot::default() };
        let tall = one.channel.picture(&tall, soon()).await.expect("as much as there can be");
        assert!(measure(&tall).1 >= 16_000);
        one.close().await;
        firefox
    })
    .await;
}
